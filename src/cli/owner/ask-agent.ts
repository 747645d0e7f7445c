import { WindfallError } from "../../protocol/errors.ts"
import {
  ANSWER_WITHIN_MS,
  answerName,
  type OwnerAnswer,
  type OwnerWish,
  REQUEST_FOLDER,
  readAnswer,
  requestName,
  requestText,
} from "../../protocol/owner-request.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"

/** Somebody waits: soon enough to seem at once. */
const LOOK_MS = 20

/** Whether this machine is one that jobs run on, whose agent can be spoken with by files. */
export function hasAgentHere({ settings }: Pick<Cli, "settings">): boolean {
  const { ownerFolder } = settings
  if (ownerFolder === undefined) return false
  return fs.lstatSync(path.join(ownerFolder, REQUEST_FOLDER), { throwIfNoEntry: false })?.isDirectory() === true
}

/**
 * Asks this Mac's agent, without server, token or network. Who asks is who owns the file.
 * @returns `null` when no agent is there: what was asked lies there and holds when one comes; a question is taken back
 * @throws {WindfallError} as the agent refused it, or when nothing can be written there
 */
export async function askAgent(
  { settings, clock }: Pick<Cli, "settings" | "clock">,
  wish: OwnerWish,
): Promise<OwnerAnswer | null> {
  const folder = path.join(settings.ownerFolder ?? "", REQUEST_FOLDER)
  const id = crypto.randomUUID()
  const at = path.join(folder, requestName(id))
  const draft = path.join(folder, `.${id}`)
  try {
    fs.writeFileSync(draft, requestText({ id, at: clock.now(), ...wish }), { mode: 0o644, flag: "wx" })
    // Whatever the umask: the agent runs as another account.
    fs.chmodSync(draft, 0o644)
    fs.renameSync(draft, at)
  } catch (error) {
    fs.rmSync(draft, { force: true })
    throw new WindfallError("internal", `Cannot write to ${folder}: ${(error as Error).message}`, {
      hint: "Say it to the server instead: add --host and the Mac's name in the pool",
    })
  }
  const until = clock.monotonicMs() + ANSWER_WITHIN_MS
  for (;;) {
    const answer = readAt(path.join(folder, answerName(id)))
    if (answer !== null) return done(answer)
    if (clock.monotonicMs() >= until) break
    await clock.sleep(LOOK_MS)
  }
  if (wish.verb === "status") fs.rmSync(at, { force: true })
  return null
}

function readAt(file: string): OwnerAnswer | null {
  try {
    return readAnswer(fs.readFileSync(file, "utf8"))
  } catch {
    return null
  }
}

function done(answer: OwnerAnswer): OwnerAnswer {
  if (answer.done) return answer
  const error = { code: answer.code ?? "not_allowed", message: answer.text.trim() }
  throw WindfallError.fromBody({ error })
}
