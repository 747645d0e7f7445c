import type { FactSheet } from "./fact-sheet.ts"
import { isFreeName } from "./free-name.ts"
import { fitLines, type Line } from "./lines.ts"

const PORT = /^Hardware Port: (\S.*)$/
const DEVICE = /^Device: ([a-z]{2,8}\d{1,2})$/
const REST = /^(Ethernet Address: (?:[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){5}|N\/A)|VLAN Configurations|=+|VLAN .*)$/

/** macOS names ports; one with other signs may be damaged. */
const PORT_NAME = /^\w[\w./+-]*( [\w./+-]+)*( \([\w ]+\))?$/

/** A colon or an equals sign shows that two lines have become one. */
function isName(text: string): boolean {
  return isFreeName(text) && !/[:=]/.test(text)
}

/** "Ethernet Adapter (en5)" names its device itself. */
function isOfOther(port: string, device: string): boolean {
  return /[()]/.test(port) && !port.endsWith(` (${device})`)
}

/** What a hardware port's name tells of its link; `null` where it tells nothing. */
function kindOfPort(name: string): string | null {
  if (/^(Wi-Fi|AirPort)$/.test(name)) return "wifi"
  if (/^Thunderbolt( Bridge| \d+)$/.test(name)) return "thunderbolt"
  if (/^Bluetooth/.test(name)) return "bluetooth"
  if (/^(Ethernet( \d)?|Ethernet Adapter \(en\d+\)|USB 10\/100.*LAN|.*\bLAN|.*\bLan|.*Ethernet)$/.test(name))
    return "ethernet"
  return null
}

/** `networksetup -listallhardwareports` (networksetup(8)): on laptops en0 is Wi-Fi, on desktops Ethernet; so ask. */
export function readHardwarePorts(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) =>
    PORT.exec(text) ?? DEVICE.exec(text) ?? (REST.test(text) ? ([text] as unknown as RegExpExecArray) : null)
  let port: string | null = null
  let portAt = -1
  for (const { value: match, isWhole, at } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    const [line, text = ""] = match
    if (line.startsWith("Hardware Port:")) {
      port = isWhole && PORT_NAME.test(text) ? text : null
      portAt = at
    } else {
      // Device and port belong together only when one follows the other.
      if (line.startsWith("Device:") && isWhole && port !== null && portAt === at - 1 && !isOfOther(port, text)) {
        sheet.known("portName", port, "Hardware Port", text)
        const kind = kindOfPort(port)
        if (kind !== null) sheet.known("linkKind", kind, "Hardware Port", text)
      } else if (line.startsWith("Device:") && isWhole)
        sheet.unknown("portName", "garbage", "the name of its port is odd, damaged or missing", "Hardware Port", text)
      port = null
    }
  }
  if (sheet.facts().length === 0) sheet.unknown("portName", "no_such_key", "no port could be read", "Hardware Port")
}

const SERVICE = /^\((\d{1,2}|\*)\) (\S.*)$/
const OF_PORT = /^\(Hardware Port: (.+), Device: ([a-z]{2,8}\d{1,2})?\)$/

export function isServiceLine(text: string): boolean {
  return OF_PORT.test(text) || PORT.test(text)
}

/** `networksetup -listnetworkserviceorder`: `(*)` in place of the number marks a disabled service. */
export function readServiceOrder(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) =>
    /^An asterisk \(\*\) denotes/.test(text) ? undefined : (OF_PORT.exec(text) ?? SERVICE.exec(text))
  let service: { name: string; isDisabled: boolean; at: number } | null = null
  let lastNumber = 0
  let damage: string | null = null
  for (const { value: match, isWhole, at } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    const [line, first = "", second = ""] = match
    if (!line.startsWith("(Hardware Port:")) {
      // They are numbered through; a disabled one may be counted or not.
      const number = first === "*" ? lastNumber : Number(first)
      if (first !== "*" && number <= lastNumber) damage ??= `service ${number} comes after ${lastNumber}`
      lastNumber = number
      if (!isWhole || !isName(second))
        sheet.unknown("serviceState", "garbage", "its line is damaged or cut", "Hardware Port", second)
      service = isWhole && isName(second) ? { name: second, isDisabled: first === "*", at } : null
      continue
    }
    // A service that kept the name of its port shows whether lines between the two were lost.
    const ofName = service === null ? null : kindOfPort(service.name)
    const ofPort = kindOfPort(first)
    if (ofName !== null && ofPort !== null && ofName !== ofPort) {
      damage ??= `a service called ${service?.name} has the port ${first}`
    }
    if (ofName !== null && ofName !== ofPort) service = null
    if (service?.at === at - 1 && second !== "") {
      const state = service.isDisabled ? "disabled" : "enabled"
      sheet.known("serviceState", `${state}, ${second}`, "Hardware Port", service.name)
      const kind = kindOfPort(first)
      if (kind !== null) sheet.known("linkKind", kind, "Hardware Port", second)
    }
    service = null
  }
  if (damage === null) return
  // Lines that have changed places once may have done so again where nothing shows it.
  for (const { name, of } of sheet.facts()) {
    if (name === "serviceState" || name === "linkKind") sheet.spoil(name, "contradictory", damage, "Hardware Port", of)
  }
}

/** `route -n get default` (route(8)). */
export function readRoute(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) => {
    const match = /^ *(route to|destination|mask|gateway|interface|flags): (.*)$/.exec(text)
    if (match !== null) return { key: match[1] ?? "", text: match[2] ?? "" }
    return /^ (recvpipe|[ \d]+$)/.test(text) ? { key: "", text: "" } : null
  }
  for (const { value, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    const isInterface = value.key === "interface" && /^[a-z]{2,8}\d{1,2}$/.test(value.text)
    const isGateway = value.key === "gateway" && isAddress(value.text)
    if (isInterface && isWhole) sheet.known("defaultInterface", value.text, "interface")
    else if (isGateway && isWhole) sheet.known("defaultGateway", value.text, "gateway")
    else if (value.key === "interface") damaged(sheet, "defaultInterface", value)
    else if (value.key === "gateway") damaged(sheet, "defaultGateway", value)
  }
  sheet.expect(["defaultInterface", "defaultGateway"], "route")
}

function damaged(sheet: FactSheet, name: "defaultInterface" | "defaultGateway", { key }: { key: string }): void {
  sheet.unknown(name, "garbage", "its value is damaged or cut", key)
}

function isAddress(text: string): boolean {
  const parts = text.split(".")
  if (parts.length === 4) return parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  return /^[0-9a-f:]+(%[a-z]+\d+)?$/.test(text) && text.includes(":")
}

/** `netstat -rn` and `-rnl`: the default routes' first row of Internet (IPv4). */
export function readRoutes(sheet: FactSheet, lines: readonly Line[]): void {
  const head = lines.find(({ text }) => /^Destination +Gateway +Flags\b.*\bNetif\b/.test(text))?.text
  const column = head?.trim().split(/ +/).indexOf("Netif") ?? -1
  const inet6 = lines.findIndex(({ text }) => /^Internet6:/.test(text))
  const rows = lines.slice(0, inet6 < 0 ? lines.length : inet6)
  const found = rows.find(({ text, isSound, isTerminated }) => isSound && isTerminated && /^default +/.test(text))
  const cells = found?.text.trim().split(/ +/) ?? []
  const name = cells[column] ?? ""
  const gateway = cells[1] ?? ""
  if (/^[a-z]{2,8}\d{1,2}$/.test(name) && isAddress(gateway)) {
    sheet.known("defaultInterface", name, "default: Netif")
    sheet.known("defaultGateway", gateway, "default: Gateway")
  }
  sheet.expect(["defaultInterface", "defaultGateway"], "default")
}
