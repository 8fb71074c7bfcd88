// Addresses of the internet as text: one form for each, so that what an operator wrote and what a connection comes from
// can be compared. No names are looked up; `localhost` is what Java's resolver makes of it.

/** As `network` tells peers' addresses, or null where it is none. IPv4 within IPv6 is IPv4. */
export function canonicalAddress(text: string): string | null {
  if (text === 'localhost') return '127.0.0.1'
  if (!text.includes(':')) {
    const parts = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) ? text.split('.').map(Number) : []
    return parts.length === 4 && parts.every((part) => part <= 255) ? parts.join('.') : null
  }
  const host = URL.parse(`http://[${text}]/`)?.hostname
  if (host === undefined || !/^[0-9a-fA-F:.]+$/.test(text)) return null
  const within = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(host)
  if (within === null) return host.slice(1, -1)
  const [high, low] = [Number.parseInt(within[1]!, 16), Number.parseInt(within[2]!, 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
