/** What a member of an attempt on several hosts finds in its environment: Windfall's own names, and those that PyTorch and MLX look for. */
import type { MemberPlace, OrderMember } from "../protocol/gang-wire.ts"

/** What is known when the order comes. They can be given other values by the sender, but for those that begin with WINDFALL_. */
export function memberVariables(member: OrderMember | undefined): Record<string, string> {
  if (member === undefined) return {}
  return { RANK: String(member.rank), WORLD_SIZE: String(member.size), LOCAL_RANK: "0", MLX_RANK: String(member.rank) }
}

export function ownMemberVariables(member: OrderMember | undefined): Record<string, string> {
  if (member === undefined) return {}
  return { WINDFALL_RANK: String(member.rank), WINDFALL_NODE_COUNT: String(member.size) }
}

/** MLX's list of the addresses of each rank for its ring backend (MLX, "Launching Distributed Programs"). */
export function hostFile(roster: readonly MemberPlace[]): string {
  return `${JSON.stringify(roster.map(({ address, ports }) => [`${address}:${ports[1]}`]))}\n`
}

/**
 * The file that lets a member go, read by its shell: when it was, and the variables that only the others' places decide.
 * @param hostsPath where the {@link hostFile} lies
 */
export function goFile(
  went: { readonly at: number; readonly uptimeMs: number },
  rank: number,
  roster: readonly MemberPlace[],
  hostsPath: string,
): string {
  const [main] = roster
  const own = roster[rank]
  if (main === undefined || own === undefined) throw new TypeError(`rank ${rank} is not among ${roster.length}`)
  const ours = {
    WINDFALL_NODE_NAMES: roster.map(({ host }) => host).join(" "),
    WINDFALL_PEERS: roster.map(({ address }) => address).join(" "),
    WINDFALL_PEER_PORTS: roster.map(({ ports }) => ports[0]).join(" "),
    WINDFALL_ADDRESS: own.address,
    WINDFALL_PORT: own.ports[0],
    WINDFALL_MAIN_ADDRESS: main.address,
    WINDFALL_MAIN_PORT: main.ports[0],
    WINDFALL_HOSTFILE: hostsPath,
  }
  // Gloo would else advertise whatever the host's name leads to, which may be loopback.
  const usual = {
    MASTER_ADDR: main.address,
    MASTER_PORT: main.ports[0],
    MLX_HOSTFILE: hostsPath,
    GLOO_SOCKET_IFNAME: own.interface,
  }
  return [
    `# ${Math.round(went.at)} ${Math.round(went.uptimeMs)}`,
    ...Object.entries(ours).map(([name, value]) => `export ${name}=${quoted(String(value))}`),
    ...Object.entries(usual).map(
      ([name, value]) => `[ -n "\${${name}+x}" ] || export ${name}=${quoted(String(value))}`,
    ),
    "",
  ].join("\n")
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`
}
