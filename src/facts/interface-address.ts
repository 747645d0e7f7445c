import { isInterfaceHead } from "./ifconfig.ts"
import { linesOf } from "./lines.ts"

/** What wakes a machine: the address of its hardware, and where all of its net hear. */
export interface InterfaceAddress {
  readonly hardware: string
  readonly broadcast: string
}

const HARDWARE = /^\s+ether ([0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}) *$/
const INET = /^\s+inet (\d{1,3}(?:\.\d{1,3}){3}) netmask 0x[0-9a-f]{8} broadcast (\d{1,3}(?:\.\d{1,3}){3})$/

/**
 * The addresses of one interface in the output of `ifconfig -a` (ifconfig(8)); `null` where they are not there, or there twice. No
 * fact: a hardware address names a machine, and facts are shown to everybody.
 */
export function interfaceAddress(text: string, name: string): InterfaceAddress | null {
  let isInside = false
  const hardware = new Set<string>()
  const broadcasts = new Set<string>()
  for (const line of linesOf(text)) {
    if (isInterfaceHead(line.text)) isInside = line.text.startsWith(`${name}: `)
    else if (/^\S/.test(line.text)) isInside = false
    if (!isInside || !line.isSound || !line.isTerminated) continue
    const ether = HARDWARE.exec(line.text)?.[1]
    if (ether !== undefined) hardware.add(ether.toLowerCase())
    const [, address = "", broadcast] = INET.exec(line.text.trimEnd()) ?? []
    if (broadcast !== undefined && !address.startsWith("169.254.") && isAddress(broadcast)) broadcasts.add(broadcast)
  }
  const [ether] = hardware
  const [broadcast] = broadcasts
  if (hardware.size !== 1 || ether === undefined || ether === "00:00:00:00:00:00" || broadcast === undefined)
    return null
  return { hardware: ether, broadcast }
}

function isAddress(text: string): boolean {
  return text.split(".").every((part) => Number(part) <= 255)
}
