import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { type LabMode, SYSTEM_ENV } from "./lab-mode.ts"
import { LineProcess } from "./line-process.ts"

const run = promisify(execFile)
const PERL = "/usr/bin/perl"

/**
 * The switch all hosts of a lab are plugged into: a bridge in a network namespace that a keeper process holds. Cables are
 * veth pairs, so all of it vanishes from the kernel with the keeper, whatever happens to the lab.
 */
export class LabNetwork implements AsyncDisposable {
  readonly mode: LabMode
  readonly #keeper: LineProcess
  readonly #subnet: string
  #innerRelay: LineProcess | undefined
  /** This machine's end of its cable; `null` where it is not plugged in. */
  #uplink: string | null = null

  private constructor(mode: LabMode, keeper: LineProcess, subnet: string) {
    this.mode = mode
    this.#keeper = keeper
    this.#subnet = subnet
  }

  /** Makes the switch. `folder` is removed when the keeper ends. */
  static async start(mode: LabMode, folder: string): Promise<LabNetwork> {
    const unshare = { root: ["unshare", "--net"], user: ["unshare", "--user", "--map-root-user", "--net"], ports: [] }[
      mode
    ]
    const keeper = new LineProcess([...unshare, PERL, join(import.meta.dirname, "keeper.pl"), folder], SYSTEM_ENV)
    const network = new LabNetwork(mode, keeper, freeSubnet())
    try {
      await keeper.answer()
      if (mode === "ports") return network
      await network.inside("ip", "link", "set", "lo", "up")
      await network.inside("ip", "link", "add", "br0", "type", "bridge")
      await network.inside("ip", "link", "set", "br0", "up")
      if (mode === "root") await network.#plugInThisMachine()
      else await network.inside("ip", "addr", "add", `${network.#subnet}.1/24`, "dev", "br0")
      return network
    } catch (error) {
      await network[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The address of host `number` (from 1). */
  address(number: number): string {
    return this.mode === "ports" ? "127.0.0.1" : `${this.#subnet}.${number + 10}`
  }

  /** Runs a command where the switch is. */
  async inside(...command: string[]): Promise<void> {
    await this.#nsenter(this.#keeper.pid, command)
  }

  /** What to put before a command so that it starts as the lab's root in the lab's user namespace. */
  get entry(): string[] {
    return this.mode === "user" ? ["nsenter", "-t", `${this.#keeper.pid}`, "-U", "--preserve-credentials", "--"] : []
  }

  /** Connects the network namespace of `pid` as host `number`. */
  async plugIn(number: number, pid: number): Promise<void> {
    // The kernel takes the namespace of a host that went apart when it comes to it, and with that its cable: both ends go now.
    await this.inside("ip", "link", "del", `v${number}`).catch(() => {})
    await this.inside("ip", "link", "add", `v${number}`, "type", "veth", "peer", "name", "eth0", "netns", `${pid}`)
    await this.inside("ip", "link", "set", `v${number}`, "master", "br0", "up")
    const address = `${this.address(number)}/24`
    // The same after a restart, as a real card's: else neighbours send to the old one until their memory of it fades.
    const card = `02:77:66:00:00:${number.toString(16).padStart(2, "0")}`
    const script = `ip link set eth0 address ${card} && ip link set lo up && ip addr add ${address} dev eth0 && ip link set eth0 up && echo 22 > /proc/sys/net/ipv4/ip_unprivileged_port_start`
    await this.#nsenter(pid, ["/bin/sh", "-c", script])
  }

  /** Pulls (or plugs) the cable of a host: packets are dropped without a word. */
  async setCut(number: number, cut: boolean): Promise<void> {
    await this.inside("ip", "link", "set", `v${number}`, cut ? "down" : "up")
  }

  /** Sets the speed of a host's cable in both directions. */
  async shape(number: number, pid: number, mbit: number | null): Promise<void> {
    await this.inside("/bin/sh", "-c", shaping(`v${number}`, mbit))
    await this.#nsenter(pid, ["/bin/sh", "-c", shaping("eth0", mbit)])
  }

  /** What has left this machine towards the hosts; `null` where it is not plugged in. */
  get sentBytes(): number | null {
    if (this.#uplink === null) return null
    return Number(readFileSync(`/sys/class/net/${this.#uplink}/statistics/tx_bytes`, "utf8"))
  }

  /** Sets the speed of this machine's own cable, which a server has here, in both directions. @throws where it is not plugged in */
  async shapeUplink(mbit: number | null): Promise<void> {
    if (this.#uplink === null)
      throw new Error("Cannot shape the server's cable: this lab has none, as it was not made by root")
    await run("/bin/sh", ["-c", shaping(this.#uplink, mbit)])
    await this.inside("/bin/sh", "-c", shaping("uplink", mbit))
  }

  /** Makes host `number` reachable by a unix socket, for a lab whose network namespace has no way out. */
  async openInnerRelay(socket: string, number: number): Promise<void> {
    this.#innerRelay ??= new LineProcess(
      [...this.#into(this.#keeper.pid), process.execPath, join(import.meta.dirname, "inner-relay.ts")],
      SYSTEM_ENV,
    )
    await this.#innerRelay.tell(`${socket} ${this.address(number)} 22`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#innerRelay?.[Symbol.asyncDispose]()
    await this.#keeper[Symbol.asyncDispose]()
    taken.delete(this.#subnet)
  }

  async #plugInThisMachine(): Promise<void> {
    const name = `wf${process.pid.toString(36)}x${this.#subnet.split(".")[1]}`
    await run("ip", ["link", "add", name, "type", "veth", "peer", "name", "uplink", "netns", `${this.#keeper.pid}`])
    await run("ip", ["addr", "add", `${this.#subnet}.1/24`, "dev", name])
    await run("ip", ["link", "set", name, "up"])
    await this.inside("ip", "link", "set", "uplink", "master", "br0", "up")
    this.#uplink = name
  }

  #into(pid: number): string[] {
    const user = this.mode === "user" ? ["-U", "--preserve-credentials"] : []
    return ["nsenter", "-t", `${pid}`, ...user, "-n", "--"]
  }

  async #nsenter(pid: number, command: readonly string[]): Promise<void> {
    const [program = "", ...args] = [...this.#into(pid), ...command]
    await run(program, args, { env: { ...SYSTEM_ENV } })
  }
}

function shaping(device: string, mbit: number | null): string {
  return mbit === null
    ? `tc qdisc del dev ${device} root 2>/dev/null || true`
    : `tc qdisc replace dev ${device} root tbf rate ${mbit}mbit burst ${Math.max(32, Math.ceil(mbit / 2))}kb latency 50ms`
}

const taken = new Set<string>()

/** A network no interface of this machine is in, so that labs can run side by side. */
function freeSubnet(): string {
  const used = Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map((entry) => entry.address) ?? [])
  for (let i = 0; i < 192; i++) {
    const subnet = `10.${64 + ((process.pid + i) % 192)}.77`
    if (taken.has(subnet) || used.some((address) => address.startsWith(`${subnet}.`))) continue
    taken.add(subnet)
    return subnet
  }
  throw new Error("Cannot make the lab's network: no free 10.x.77.0/24 is left")
}
