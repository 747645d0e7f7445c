/**
 * Addresses and identifiers that tell by their form what they are, each with a mask of the same form: readers of the text read on as
 * before. What is the same on every machine stays.
 */

const UUID = /[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f])/
/** What provisioning calls a device. */
const UDID = /[0-9A-Fa-f]{8}-[0-9A-Fa-f]{16}(?![0-9A-Fa-f-])/
/** Of Ethernet and Wi-Fi, and longer ones of FireWire and InfiniBand, which have two digits in each part. */
const MAC =
  /(?:[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){7,19}|[0-9A-Fa-f]{1,2}(?:[:-][0-9A-Fa-f]{1,2}){5})(?![0-9A-Fa-f]|[:-][0-9A-Fa-f])/
const IPV6 = /(?:[0-9A-Fa-f]{0,4}:){2,8}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4})(?![0-9A-Fa-f:])/
const IPV4 = /\d{1,3}(?:\.\d{1,3}){3}(?!\d)/

/** One pass over all of them, so that no mask is masked again. Hexadecimal words before and behind are no part of an address. */
const FORMS = new RegExp(
  `(?<![0-9A-Za-z])(?:(?<uuid>${UUID.source})|(?<udid>${UDID.source}))|(?<![0-9A-Za-z:])(?:(?<mac>${MAC.source})|(?<ipv6>${IPV6.source}))|(?<!\\d|\\d\\.)(?<ipv4>${IPV4.source})`,
  "g",
)

/** UUIDs that Apple gives its own accounts and groups on every Mac, by their number. */
const APPLES_OWN = /^(ABCDEFAB-CDEF-ABCD-EFAB-CDEF|FFFFEEEE-DDDD-CCCC-BBBB-AAAA)[0-9A-F]{8}$/i

export type AddressKind = "uuid" | "mac" | "ipv4" | "ipv6"

/** Gives each value its number: the same value always the same one. */
export type Numbering = (kind: AddressKind, value: string) => number

/** The text with masks in place of all of them. */
export function maskAddresses(text: string, numberOf: Numbering): string {
  return text.replace(FORMS, (found, ...rest) => {
    const { uuid, udid, mac, ipv6, ipv4 } = rest.at(-1) as Record<string, string | undefined>
    if (uuid !== undefined) return APPLES_OWN.test(uuid) ? uuid : maskUuid(numberOf("uuid", uuid.toLowerCase()))
    if (udid !== undefined) return `00000000-${hex(numberOf("uuid", udid.toLowerCase()), 16)}`
    if (mac !== undefined) return maskMac(mac, numberOf)
    if (ipv6 !== undefined) return maskIpv6(ipv6, numberOf)
    return ipv4 === undefined ? found : maskIpv4(ipv4, numberOf)
  })
}

/**
 * The same for IPv6 addresses and networks that a column of netstat cut: they have fewer groups than an address, and keep fewer.
 * Ethernet addresses have no group of three or four digits.
 */
export function maskCutAddresses(text: string, numberOf: Numbering): string {
  return text.replace(/(?<![\w:.#])[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4})+(?![\w:])/g, (found) => {
    if (isIpv6(found) || !/[0-9A-Fa-f]{3}/.test(found)) return found
    const tail = hex(0x1000 + numberOf("ipv6", `${found.toLowerCase()} cut`), 4)
    const [, head = "2001:db8"] = /^(fe80|fd)/i.exec(found) ?? []
    return `${head === "2001:db8" ? head : head.toLowerCase().padEnd(4, "0")}:0:${tail}`
  })
}

function maskUuid(number: number): string {
  return `00000000-0000-4000-8000-${hex(number, 12)}`
}

/** Locally administered, so that it is no maker's. */
function maskMac(text: string, numberOf: Numbering): string {
  const separator = text.includes("-") ? "-" : ":"
  const parts = text.split(separator)
  // Dashes and colons mixed, as of a date with a time.
  if (parts.length < 6) return text
  const number = numberOf("mac", parts.map((part) => part.padStart(2, "0").toLowerCase()).join(":"))
  const tail = hex(number, 6).match(/../g) ?? []
  return ["02", ...Array.from({ length: parts.length - 4 }, () => "00"), ...tail].join(separator)
}

/** From 198.18.0.0/15, which is for measurements and nobody's (RFC 2544). This machine, everybody and no address stay. */
function maskIpv4(text: string, numberOf: Numbering): string {
  const octets = text.split(".").map(Number)
  const [first = 0, second = 0] = octets
  if (octets.some((octet) => octet > 255) || first === 0 || first === 127 || first >= 224) return text
  const number = numberOf("ipv4", octets.join("."))
  if (first === 169 && second === 254) return `169.254.${1 + ((number >> 8) % 254)}.${number & 255}`
  return `198.${18 + ((number >> 16) & 1)}.${(number >> 8) & 255}.${number & 255}`
}

/** Of the same kind: link-local, of a site, multicast, or one for documents (RFC 3849). */
function maskIpv6(text: string, numberOf: Numbering): string {
  if (!isIpv6(text) || /^::1?$|^fe80::1$/i.test(text)) return text
  const tail = hex(0x1000 + numberOf("ipv6", text.toLowerCase()), 4)
  // BSD's tools put the interface's number in the second group of link-local addresses.
  const scope = /^fe80:([0-9a-f]{1,2})::/i.exec(text)
  if (scope !== null) return `fe80:${scope[1]}::${tail}`
  if (/^fe[89ab]/i.test(text)) return `fe80::${tail}`
  if (/^f[cd]/i.test(text)) return `fd00::${tail}`
  return /^ff/i.test(text) ? `ff02::${tail}` : `2001:db8::${tail}`
}

/** Eight groups, or fewer with one `::`; the last two may be an IPv4 address. Times, with two colons, are none. */
export function isIpv6(text: string): boolean {
  const plain = text.replace(/\d{1,3}(\.\d{1,3}){3}$/, "0:0")
  const halves = plain.split("::")
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")))
  if (!groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false
  return halves.length === 2 ? groups.length <= 7 : groups.length === 8
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0")
}
