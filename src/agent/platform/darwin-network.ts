import { execFile } from "node:child_process"
import { hostNetworkOf, wakesForNetwork } from "../../facts/host-network.ts"
import { interfaceAddress } from "../../facts/interface-address.ts"
import { mergeSheets } from "../../facts/merge.ts"
import { readPlatformUuid } from "../../facts/platform-uuid.ts"
import { readOutput } from "../../facts/read-output.ts"
import type { LookAtNetwork } from "./network-look.ts"

const MAX_BYTES = 16 * 1024 * 1024
const QUICK_MS = 5_000
/** SPAirPortDataType takes seconds where many networks are heard. */
const SLOW_MS = 30_000

const QUICK = {
  "route-n-get-default": ["/sbin/route", "-n", "get", "default"],
  "networksetup-listallhardwareports": ["/usr/sbin/networksetup", "-listallhardwareports"],
  "ifconfig-a": ["/sbin/ifconfig", "-a"],
  "pmset-g": ["/usr/bin/pmset", "-g"],
} as const

/** What a command prints, also where it fails; "" where there is no such command. */
function output([path = "", ...parameters]: readonly string[], timeoutMs: number): Promise<string> {
  const options = { timeout: timeoutMs, maxBuffer: MAX_BYTES, env: { LC_ALL: "C", LANG: "C", TZ: "UTC" } }
  return new Promise((resolve) => execFile(path, parameters, options, (_, stdout) => resolve(stdout)))
}

/**
 * Looks at a Mac's network. What takes seconds is asked only when that is wanted and remembered until it is asked again; a rate of
 * Wi-Fi only as long as the default route goes over that interface.
 */
export function darwinNetworkLook(): LookAtNetwork {
  let slowTexts: { readonly hint: string; readonly text: string }[] = []
  return async ({ slow }) => {
    const texts = await Promise.all(
      Object.entries(QUICK).map(async ([hint, command]) => ({ hint, text: await output(command, QUICK_MS) })),
    )
    const network = () => hostNetworkOf(mergeSheets([...texts, ...slowTexts].map(read)))
    if (slow) {
      const types = ["SPThunderboltDataType", ...(network().kind === "wifi" ? ["SPAirPortDataType"] : [])]
      slowTexts = []
      for (const type of types) {
        const text = await output(["/usr/sbin/system_profiler", type, "-json"], SLOW_MS)
        slowTexts.push({ hint: `system_profiler-${type}`, text })
      }
    }
    const found = network()
    const address =
      found.kind === "ethernet" && found.interface !== null
        ? interfaceAddress(textOf(texts, "ifconfig-a"), found.interface)
        : null
    const isAllowed = wakesForNetwork(readOutput(textOf(texts, "pmset-g"), { hint: "pmset-g" }).sheet)
    return { network: found, wake: address === null ? null : { ...address, isAllowed } }
  }
}

/** By which interface the default route goes, and how cables and Wi-Fi are. */
export async function darwinNetworkMark(): Promise<string> {
  const [route, interfaces] = await Promise.all([
    output(QUICK["route-n-get-default"], QUICK_MS),
    output(QUICK["ifconfig-a"], QUICK_MS),
  ])
  return networkMarkOf(route, interfaces)
}

/**
 * What differs where a cable or Wi-Fi came, went, or became another: the interface of the default route, and of Ethernet, Wi-Fi and
 * Thunderbolt (en0, en1, ..., bridge0) state, medium and IPv4 address. AirDrop's interfaces come and go by themselves, and temporary IPv6
 * addresses change daily.
 */
export function networkMarkOf(route: string, interfaces: string): string {
  const mark = [/^\s*interface: (\S+)/m.exec(route)?.[1] ?? "none"]
  let isMarked = false
  for (const line of interfaces.split("\n")) {
    const name = /^(\w+): /.exec(line)?.[1]
    if (name !== undefined) isMarked = /^(en|bridge)\d+$/.test(name)
    if (isMarked && name !== undefined) mark.push(name)
    else if (isMarked && /^\s+(inet|media|status):? /.test(line)) mark.push(line.trim())
  }
  return mark.join("\n")
}

function read({ hint, text }: { readonly hint: string; readonly text: string }) {
  return { source: hint, sheet: readOutput(text, { hint }).sheet }
}

function textOf(texts: readonly { readonly hint: string; readonly text: string }[], wanted: string): string {
  return texts.find(({ hint }) => hint === wanted)?.text ?? ""
}

/** The platform UUID, to be hashed by the caller at once; `null` where it is not known. */
export async function darwinMachineId(): Promise<string | null> {
  const reading = readPlatformUuid(
    await output(["/usr/sbin/ioreg", "-a", "-rd1", "-c", "IOPlatformExpertDevice"], QUICK_MS),
  )
  return reading.known ? reading.value : null
}
