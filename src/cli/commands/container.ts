// odradek container: what the image runs.

import type { CommandModule } from 'yargs'

export const containerCommand: CommandModule = {
  command: 'container',
  describe: 'run one node by KAFKA_… environment variables, formatting its directories first (for images)',
  builder: (args) =>
    args
      .epilogue(
        'Variables: KAFKA_NODE_ID=1 for node.id=1 and so on, by the rule of the apache/kafka image; CLUSTER_ID; ' +
          'ODRADEK_INITIAL_CONTROLLERS=id@host:port:directory-id,… for the quorum of a new cluster.',
      )
      .example('docker run -e KAFKA_NODE_ID=1 … odradek', ''),
  handler: async () => (await import('../container.ts')).runContainer(),
}
