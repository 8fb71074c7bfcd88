// What peers say, as it may appear in a log line or an error message: no control characters, no escape sequences, no
// more than a line. Payloads never get here.

const UNPRINTABLE = /[^\x20-\x7e]/g
const UNPRINTABLE_SOMEWHERE = /[^\x20-\x7e]/

/** A client id or a name from a request, cut and cleaned. */
export function quoted(text: string, maxLength = 200): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
  if (!UNPRINTABLE_SOMEWHERE.test(cut)) return cut
  return cut.replace(UNPRINTABLE, (character) => (character === '…' ? '…' : '?'))
}

/** Node shows IPv4 peers of a dual-stack socket as `::ffff:a.b.c.d`. */
export function addressOf(host: string): string {
  return host.startsWith('::ffff:') ? host.slice(7) : host
}
