// Bytes to lines as Java's `BufferedReader.readLine` cuts them: after \n, \r\n or \r, and nowhere else.

import { StringDecoder } from 'node:string_decoder'

export async function* linesIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of chunks) {
    rest += decoder.write(Buffer.from(chunk))
    // A \r at the end may be half of \r\n.
    const cut = rest.endsWith('\r') ? rest.length - 1 : rest.length
    const parts = rest.slice(0, cut).split(/\r\n|\r|\n/)
    rest = parts.pop()! + rest.slice(cut)
    yield* parts
  }
  rest += decoder.end()
  if (rest === '') return
  if (rest.endsWith('\r')) rest = rest.slice(0, -1)
  yield rest
}
