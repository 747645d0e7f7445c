import type { HostLook, Told } from "./host-look.ts"
import { item, type Judged, notKnown, ok, warning } from "./item.ts"
import { OWN_PROBES } from "./probes.ts"

const SLOW_MBPS = 1_000

export const linkSpeed = item(
  "link_speed",
  (look) => (look.head.platform === "darwin" ? judgeMac(look) : judgeLinux(look)),
  ["darwin", "linux"],
)

function judgeMac(look: HostLook): Judged {
  const name = look.text("route-n-get-default", "defaultInterface")
  if (!name.known) return notKnown("how it is connected", name.why)
  // What the ports' names say counts: a network interface without a speed may be of any kind.
  const kind = look.text("networksetup-ports", "linkKind", name.value)
  if (!kind.known) return notKnown(`of what kind ${name.value} is`, kind.why)
  if (kind.value === "wifi") return judgeLink("wifi", name.value, null)
  if (kind.value === "thunderbolt") return ok(`it is connected by Thunderbolt (${name.value})`)
  if (kind.value !== "ethernet") return notKnown("how it is connected", `${name.value} is ${kind.value}`)
  const speed: Told<number> = look.number("ifconfig-a", "linkMbps", name.value)
  return speed.known ? judgeLink("ethernet", name.value, speed.value) : notKnown(`how fast ${name.value} is`, speed.why)
}

function judgeLinux(look: HostLook): Judged {
  const what = "how it is connected"
  const failure = look.failureOf(OWN_PROBES.linuxLink)
  if (failure !== null) return notKnown(what, failure)
  const read = readObject(look.output(OWN_PROBES.linuxLink)?.stdout ?? "")
  if (read === null) return notKnown(what, "what the agent says of it is damaged")
  const { name, mbps, isWireless } = read
  if (typeof name !== "string" || typeof isWireless !== "boolean") return notKnown(what, "it has no default route")
  if (isWireless) return judgeLink("wifi", name, null)
  // A virtual interface says -1.
  if (typeof mbps !== "number" || mbps <= 0) return notKnown(`how fast ${name} is`, "its driver does not say")
  return judgeLink("ethernet", name, mbps)
}

function judgeLink(kind: "wifi" | "ethernet", name: string, mbps: number | null): Judged {
  if (kind === "wifi") {
    return warning(
      `it is connected by Wi-Fi (${name}): workspaces and data take long, and it may lose its link`,
      "Give it a cable; the wired service must stand above Wi-Fi in System Settings > Network (...) > Set service order",
    )
  }
  const text = `it is connected by cable (${name}), ${(mbps ?? 0) >= 1000 ? `${(mbps ?? 0) / 1000} Gbit/s` : `${mbps} Mbit/s`}`
  if ((mbps ?? 0) >= SLOW_MBPS) return ok(text)
  return warning(
    `${text}: slower than its port`,
    "Try another cable or port of the switch; 1 Gbit/s needs all four pairs",
  )
}

/** What agent/doctor/reach.ts prints of each try: "connected" and "refused" both show that packets got there. */
export interface ReachTry {
  readonly address: string
  /** As by a child of the ssh session, and as by a process that has detached itself from it. */
  readonly attached: string
  readonly detached: string
}

const ARRIVED = new Set(["connected", "refused"])
/** EHOSTUNREACH: what Local Network privacy answers (Apple TN3179), and a dead address too, which the attached try tells apart. */
const UNREACHABLE = "unreachable"

export const detachedLan = item("detached_lan", (look) => {
  const what = "whether detached jobs reach machines of the local network"
  const failure = look.failureOf(OWN_PROBES.reach)
  if (failure !== null) return notKnown(what, failure)
  const tries = readTries(look.output(OWN_PROBES.reach)?.stdout ?? "")
  if (tries === null) return notKnown(what, "what the agent says of it is damaged")
  if (tries.length === 0) {
    return notKnown(what, "no other machine of its own network is known to try, such as the server or another host")
  }
  const denied = tries.find(({ attached, detached }) => ARRIVED.has(attached) && detached === UNREACHABLE)
  if (denied !== undefined) {
    return warning(
      `Local Network privacy keeps detached jobs from the local network: ${denied.address} is reached from the ssh session and not from a detached process (No route to host). The internet is not affected`,
      "As its administrator, once: sudo defaults write com.apple.network.local-network AllowedEthernetLocalNetworkAddresses -array 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16; the same with AllowedWiFiLocalNetworkAddresses; then restart it",
    )
  }
  const reached = tries.find(({ attached, detached }) => ARRIVED.has(attached) && ARRIVED.has(detached))
  if (reached !== undefined) {
    return ok(
      `a detached process reaches ${reached.address} on the local network, while the link is up: Local Network privacy does not stop it`,
    )
  }
  const [first] = tries
  return notKnown(what, `${first?.address} is not reached from the ssh session either (${first?.attached})`)
})

function readTries(text: string): readonly ReachTry[] | null {
  const list = readObject(text)?.tries
  if (!Array.isArray(list)) return null
  const tries: ReachTry[] = []
  for (const one of list as unknown[]) {
    const { address, attached, detached } = (one ?? {}) as Record<string, unknown>
    if (![address, attached, detached].every((part) => typeof part === "string" && /^[\w.:%-]{1,60}$/.test(part)))
      return null
    tries.push({ address, attached, detached } as ReachTry)
  }
  return tries
}

/** One line of JSON, whole. */
export function readObject(text: string): Readonly<Record<string, unknown>> | null {
  if (!text.endsWith("\n")) return null
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
