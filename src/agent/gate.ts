/**
 * Where a member of an attempt on several hosts waits for the others: between what makes its folder and its environment, and its command.
 * The supervisor runs it like any command; it leaves a file when it is there, and goes on as another one comes, so that it outlives agent and
 * link as the command does.
 */
import { existsSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import type { GoMessage, MemberPlace } from "../protocol/gang-wire.ts"
import { type AgentContext, nameOf, tell } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { writeDurably } from "./durable-file.ts"
import { goFile, hostFile } from "./member-variables.ts"
import { ownAddresses } from "./own-addresses.ts"

/** Looks ten times a second at first, then every second: the last member's data may take its time. */
const GATE_SOURCE = `
: > "$1/at-gate" || exit 125
n=0
until [ -e "$1/go" ]; do
  n=$((n + 1))
  if [ $n -lt 100 ]; then /bin/sleep 0.1; else /bin/sleep 1; fi
done
. "$1/go"
shift
exec "$@"`

const LOOK_MS = 100

/** Words before a command, which it becomes. */
export function gateWords(folder: string): readonly string[] {
  return ["/bin/sh", "-c", GATE_SOURCE, "windfall-gate", folder]
}

/** Tells the server of members that have come to the gate. Runs only while some are on their way there. */
export class GateWatch {
  readonly #context: AgentContext
  #timer: NodeJS.Timeout | undefined

  constructor(context: AgentContext) {
    this.#context = context
  }

  /** Attempts have come, gone or been adopted. */
  changed(): void {
    if (this.#timer === undefined && this.#waiting().length > 0) this.#timer = setTimeout(() => this.#look(), LOOK_MS)
  }

  /** All are at the gate: a command begins. A repeat changes nothing, nor does word of one that is not here. */
  letGo({ attempt: id, sequence, roster }: GoMessage): void {
    const attempt = this.#context.attempts.get(sequence)
    if (attempt?.id === id) letGo(this.#context, attempt, roster)
  }

  #waiting(): Attempt[] {
    return [...this.#context.attempts.values()].filter(
      ({ order, phase, gate, adopted }) =>
        order?.member !== undefined && phase === "running" && adopted && !gate.isTold && gate.went === null,
    )
  }

  #look(): void {
    this.#timer = undefined
    for (const attempt of this.#waiting()) {
      if (!existsSync(join(attempt.folder, "at-gate"))) continue
      attempt.gate.isTold = true
      void tellAtGate(this.#context, attempt)
    }
    this.changed()
  }
}

function letGo(context: AgentContext, attempt: Attempt, roster: readonly MemberPlace[]): void {
  const { member } = attempt.order ?? {}
  if (member === undefined || attempt.gate.went !== null || attempt.phase !== "running") return
  // It is ending as one whose command never ran.
  if (attempt.stop !== null) return
  const { folder, gate } = attempt
  const went = { at: context.clock.now(), uptimeMs: context.clock.sleepCountingMs() }
  try {
    const hosts = join(folder, "hosts.json")
    writeDurably(hosts, hostFile(roster))
    writeDurably(join(folder, "go"), goFile(went, member.rank, roster, hosts))
    gate.went = went
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    tell(context, attempt, { type: "notice", ...nameOf(attempt), message: `Cannot let the command begin: ${reason}` })
    // It says again that it waits, and is told again to go.
    gate.isTold = false
  }
  context.changed()
}

/** When an attempt's command was let go, by the file that let it. */
export function readWent(folder: string): Attempt["gate"]["went"] {
  try {
    const [, at, uptimeMs] = /^# (\d+) (\d+)\n/.exec(readFileSync(join(folder, "go"), "utf8")) ?? []
    return at === undefined ? null : { at: Number(at), uptimeMs: Number(uptimeMs) }
  } catch {
    return null
  }
}

async function tellAtGate(context: AgentContext, attempt: Attempt): Promise<void> {
  try {
    const [first, second] = await freePorts()
    tell(context, attempt, { type: "at-gate", ...nameOf(attempt), addresses: ownAddresses(), ports: [first, second] })
  } catch {
    attempt.gate.isTold = false
    context.changed()
  }
}

/** Two ports that nobody uses now. Asked for on loopback alone, so that no firewall has a question for who is at the Mac. */
async function freePorts(): Promise<[number, number]> {
  const servers = await Promise.all([1, 2].map(() => listening()))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  for (const server of servers) server.close()
  return [ports[0]!, ports[1]!]
}

function listening(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => resolve(server))
  })
}
