import { AGENT_PATHS } from "../../protocol/agent-paths.ts"
import type { DataPlaceRequest } from "../../protocol/data-api.ts"
import type { PlaceLook } from "../../protocol/data-wire.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostId } from "../../protocol/ids.ts"
import type { Caller } from "../auth/accounts.ts"
import type { Core } from "../core.ts"
import { checkPlace } from "./add-data.ts"

const LOOK_MS = 30_000

export interface ProvedPlace {
  readonly hostId: HostId
  /** As the host calls it. */
  readonly path: string
}

/**
 * Has the host read at the path; changes nothing. Returns the path as the host calls it.
 * @throws {WindfallError} file_not_found with what the host says is in the way, host_not_found, host_unreachable,
 *   invalid_input where jobs could change it, unless that is wanted
 */
export async function provePlace(
  core: Core,
  caller: Caller,
  name: string,
  { host: wanted, path, writable }: DataPlaceRequest,
  signal: AbortSignal,
): Promise<ProvedPlace> {
  checkPlace(core, caller, name)
  const host = core.fleet.find(wanted)
  const { record, channel } = host
  const doing = `use ${path} of ${record.name} as data`
  if (!path.startsWith("/") && path !== "~" && !path.startsWith("~/")) {
    throw new WindfallError("invalid_input", `Cannot ${doing}: it is no absolute path`, {
      hint: `For instance ${record.name}:/Volumes/data/corpus, or ${record.name}:~/corpus`,
    })
  }
  if (channel === null) {
    throw new WindfallError("host_unreachable", `Cannot ${doing}: the host is ${host.link}`, {
      hint: "Its data is proved by a real read there: try again when it answers",
    })
  }
  const look = await ask(channel.ask(AGENT_PATHS.dataLook, { path }, { signal: within(signal, LOOK_MS) }))
  if (look.problem !== null) {
    throw new WindfallError("file_not_found", `Cannot ${doing}: ${look.problem}`, { hint: look.hint ?? undefined })
  }
  if (look.writable !== null && !writable) {
    const account = record.facts?.user ?? "the account that jobs run as"
    throw new WindfallError(
      "invalid_input",
      `Cannot ${doing}: jobs could change it, as ${account} may write ${look.writable}`,
      {
        hint: howToClose(record.name, look.path, account),
      },
    )
  }
  return { hostId: record.id, path: look.path }
}

function howToClose(host: string, path: string, account: string): string {
  const wanted = "Where jobs shall be able to write there: --writable"
  if (account === "root") return `Jobs run as root there, who may write everything. ${wanted}`
  return `Take the right to write away, on ${host}: chmod -R a-w ${quoted(path)}   or have it belong to another account, which jobs cannot undo. ${wanted}`
}

/** As a shell reads it. */
function quoted(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

async function ask(answer: Promise<AsyncIterable<Uint8Array>>): Promise<PlaceLook> {
  const pieces: Uint8Array[] = []
  for await (const piece of await answer) pieces.push(piece)
  const { path, problem, hint, writable } = JSON.parse(Buffer.concat(pieces).toString()) as Partial<PlaceLook>
  const text = (value: unknown) => (typeof value === "string" ? value.slice(0, 4096) : null)
  const said = text(path)
  if (said?.startsWith("/") !== true && text(problem) === null) {
    throw new WindfallError("corrupt_data", "Cannot read what the agent says of a path: it names none")
  }
  return { path: said ?? "", entries: 0, problem: text(problem), hint: text(hint), writable: text(writable) }
}

function within(signal: AbortSignal, ms: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ms)])
}
