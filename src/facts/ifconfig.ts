import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"

interface Stanza {
  readonly name: string
  readonly ether: string[]
  readonly media: { text: string; isWhole: boolean; isRead?: boolean }[]
  readonly status: string[]
  /** An IPv4 address that another machine can reach. */
  hasAddress: boolean
}

const HEAD =
  /^([a-zA-Z][a-zA-Z0-9]*\d(?:\.\d+)?): flags=[0-9a-f]+<[A-Z0-9_,]*>(?: (?:metric \d+ )?mtu \d+)?(?: rtref \d+)?(?: index \d+)? *$/
const ETHER = /^\s+ether ([0-9a-zA-Z]{1,2}(?::[0-9a-zA-Z]{1,2}){5}) *$/
const MEDIA =
  /^\s+media: (<unknown (?:sub)?type>|none|autoselect(?: <[a-z,-]+>)?(?: \((?:none|<unknown (?:sub)?type>|\w[\w./-]*(?: <[a-z0-9,-]+>)?)\))?|\d+(?:G)?[bB]ase[\w/-]+(?: <[a-z0-9,-]+>)?(?: \((?:none|<unknown (?:sub)?type>|\w[\w./-]*(?: <[a-z0-9,-]+>)?)\))?)\s*$/
/** A line of media in other words: whole by its form, so that it has not swallowed the head of another interface. */
const OTHER_MEDIA =
  /^\s+media: (?:autoselect|none|<unknown \w+>|\d+G?[bB]ase[\w/-]+)(?: mode \w+)?(?: <[^<>]*>)*(?: \([^()]*\))?\s*$/
const STATUS = /^\s+status: (active|inactive)\s*$/
const INET = /^\s+inet ([0-9A-Z.]+) /
/** `mtu` on a line of its own is a head that a pager or a form wrapped. */
const OTHER = /^\s+[A-Za-z][\w -]*(?:[:= ]|$)|^mtu \d+$/
const SPEED = /^(\d+(?:\.\d+)?)(G?)base/i

export function isInterfaceHead(text: string): boolean {
  return HEAD.test(text)
}

/**
 * `ifconfig` (ifconfig(8); media words from xnu, if_media.h): `media: autoselect (1000baseT <full-duplex>)`, `10Gbase-T`, which a
 * medium that is set by hand may have behind itself in brackets, too; Wi-Fi has the bare `autoselect`, as have Thunderbolt ports and the inner interfaces of some Macs; `none` is a port without a cable.
 * Only `en` interfaces are read. One whose stanza says something twice has lost the head of the next one.
 */
export function readIfconfig(sheet: FactSheet, lines: readonly Line[]): void {
  const stanzas: Stanza[] = []
  const fit = (text: string) => (/^\S/.test(text) ? HEAD.exec(text) : null) ?? fitInside(text)
  let lastAt = -1
  let isLost = false
  for (const { value: match, isWhole, at } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    const [line, text = ""] = match
    // A line that was left out may have been the head of another interface.
    isLost = /^[a-zA-Z]/.test(line) ? false : isLost || at !== lastAt + 1
    lastAt = at
    const stanza = isLost ? undefined : stanzas.at(-1)
    if (/^\S/.test(line)) {
      if (line !== "" && !/^mtu/.test(line))
        stanzas.push({ name: text, ether: [], media: [], status: [], hasAddress: false })
    } else if (stanza === undefined) continue
    else if (ETHER.test(line)) stanza.ether.push(text)
    else if (MEDIA.test(line)) stanza.media.push({ text, isWhole })
    else if (OTHER_MEDIA.test(line)) stanza.media.push({ text: line.trim(), isWhole, isRead: false })
    else if (STATUS.test(line)) stanza.status.push(text)
    else if (INET.test(line) && !/^(127|169\.254|0)\./.test(text)) stanza.hasAddress = true
  }
  for (const stanza of stanzas) if (/^en\d{1,2}$/.test(stanza.name)) readStanza(sheet, stanza)
  if (stanzas.length === 0) sheet.unknown("linkKind", "garbage", "no interface could be read", "ifconfig")
}

function fitInside(text: string): RegExpExecArray | null {
  return ETHER.exec(text) ?? MEDIA.exec(text) ?? OTHER_MEDIA.exec(text) ?? STATUS.exec(text) ?? fitOther(text)
}

/** Other lines of a stanza; a damaged media or status line is none of them. */
function fitOther(text: string): RegExpExecArray | null {
  return /^\s+(media|status)/.test(text) ? null : (INET.exec(text) ?? OTHER.exec(text))
}

function readStanza(sheet: FactSheet, { name, ether, media, status, hasAddress }: Stanza): void {
  const [one] = media
  if (ether.length > 1 || media.length > 1 || status.length > 1) {
    for (const fact of ["isLinkActive", "linkKind", "linkMbps"] as const) {
      sheet.spoil(fact, "contradictory", "its part of the output says things twice", "media", name)
    }
    return
  }
  const isActive = status.length === 1 ? status[0] === "active" : null
  if (isActive === null) sheet.unknown("isLinkActive", "no_such_key", "the output does not say", "status", name)
  else sheet.known("isLinkActive", isActive, "status", name)
  if (one === undefined || !one.isWhole) {
    for (const fact of ["linkKind", "linkMbps"] as const)
      sheet.unknown(fact, one === undefined ? "no_such_key" : "truncated", "no whole line of media", "media", name)
    return
  }
  if (one.isRead === false) {
    for (const fact of ["linkKind", "linkMbps"] as const)
      sheet.unknown(fact, "garbage", `"${one.text}" is not understood`, "media", name)
    return
  }
  const word = /\((\w[\w./-]*)/.exec(one.text)?.[1] ?? one.text
  const speed = SPEED.exec(word)
  if (speed !== null && isActive !== false) {
    const mbps = Number(speed[1]) * (speed[2] === "" ? 1 : 1000)
    sheet.known("linkKind", "ethernet", "media", name)
    if ([10, 100, 1000, 2500, 5000, 10_000, 25_000, 40_000, 50_000, 100_000].includes(mbps))
      sheet.known("linkMbps", mbps, "media", name)
    else sheet.unknown("linkMbps", "implausible", `no link has ${mbps} Mbit/s`, "media", name)
    return
  }
  sheet.unknown(
    "linkMbps",
    "no_such_key",
    isActive === true ? "its media has no speed" : "there is no link",
    "media",
    name,
  )
  if (one.text === "none" || word === "none" || SPEED.test(one.text)) sheet.known("linkKind", "ethernet", "media", name)
  else if (one.text === "autoselect" && isActive === true && hasAddress) sheet.known("linkKind", "wifi", "media", name)
  else sheet.unknown("linkKind", "no_such_key", "its media does not tell; networksetup does", "media", name)
}
