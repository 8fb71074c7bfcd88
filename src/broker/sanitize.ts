// What peers say, as it may appear in a log line or an error message: no control characters, no escape sequences, no
// more than a line. Payloads never get here.

const UNPRINTABLE = /[^\x20-\x7e]/g
const UNPRINTABLE_SOMEWHERE = /[^\x20-\x7e]/

/** No longer than that, and otherwise as it came: for what is compared or told back, not for logs. */
export function shortened(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
}

/** A name from a request, cut and cleaned. */
export function quoted(text: string, maxLength = 200): string {
  const cut = shortened(text, maxLength)
  if (!UNPRINTABLE_SOMEWHERE.test(cut)) return cut
  return cut.replace(UNPRINTABLE, (character) => (character === '…' ? '…' : '?'))
}

/** Node shows IPv4 peers of a dual-stack socket as `::ffff:a.b.c.d`. */
export function addressOf(host: string): string {
  return host.startsWith('::ffff:') ? host.slice(7) : host
}
