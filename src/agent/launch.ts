import { mkdirSync } from "node:fs"
import { join } from "node:path"
import type { AttemptOrder } from "../protocol/agent-wire.ts"
import { toWindfallError, WindfallError } from "../protocol/errors.ts"
import type { Cause } from "../protocol/job-state.ts"
import { diskError } from "../workspace/disk-error.ts"
import { removeTree } from "../workspace/remove-tree.ts"
import { type AgentContext, nameOf, tell } from "./agent-context.ts"
import { askServer } from "./ask-server.ts"
import { Attempt } from "./attempt.ts"
import { completeAttempt, createAttempt } from "./attempt-folder.ts"
import { type AskForData, linkAllData, placeData } from "./data/place-data.ts"
import { isDiskFull } from "./durable-file.ts"
import { gateWords } from "./gate.ts"
import { makeHostFolder } from "./host-folder.ts"
import { environmentOf, jobEnvironment, makeHome } from "./job-environment.ts"
import { isOfEnvironment, prepareEnvironment } from "./prepare-environment.ts"
import { terminalProblem } from "./pty.ts"
import {
  loginShell,
  shellBeside,
  type TerminalHostConfig,
  terminalHostCommand,
  terminalHostEnv,
} from "./terminal-command.ts"
import { terminalSocketPath } from "./terminal-socket.ts"

/** More hashes than this travel in several `need` messages: a frame has a bound. */
const HASHES_PER_NEED = 100_000
const LAYING_OUT_TRIES = 3

/** Begins an attempt that is new here: its folder, then its workspace, then the forker. Never throws: what fails is told. */
export function beginAttempt(
  context: AgentContext,
  order: AttemptOrder,
  secrets: Readonly<Record<string, string>>,
): void {
  const folder = join(context.folder.attempts, String(order.sequence))
  const attempt = new Attempt(order.attempt, order.job, order.sequence, folder, order)
  attempt.adopted = true
  attempt.secrets = secrets
  attempt.hasSecrets = Object.keys(secrets).length > 0
  context.attempts.set(attempt.sequence, attempt)
  try {
    if (hasTerminal(order)) refuseWithoutTerminals()
    const environment = jobEnvironment(order, secrets, context.jobHost, attempt)
    makeHome(context, order.user)
    beginOutput(context, attempt, Object.values(secrets), { stdout: 0, stderr: 0 })
    const from = order.checkpoint?.from ?? null
    const isBare = order.workspace === null && from === null && order.stdin === null && order.data.length === 0
    // What it says is waited for last, so that nothing takes longer for it.
    const refusal = context.admit?.(order.lease.memoryBytes)
    if (isBare && order.environment == null) {
      if (refusal === undefined) launch(context, attempt, environment, secrets)
      else
        launchAdmitted(context, attempt, environment, secrets, refusal).catch((error) =>
          refuseFor(context, attempt, error),
        )
    } else {
      attempt.inode = createAttempt(folder, order, secrets)
      prepare(context, attempt, order, secrets, refusal).catch((error) => refuseFor(context, attempt, error))
    }
  } catch (error) {
    refuseFor(context, attempt, error)
  }
}

/** Sends an attempt's output from these offsets on. */
export function beginOutput(
  context: AgentContext,
  attempt: Attempt,
  secrets: readonly string[],
  from: { readonly stdout: number; readonly stderr: number },
): void {
  const { sequence, folder, order } = attempt
  const headBytes = order?.outputHeadBytes ?? Number.MAX_SAFE_INTEGER
  const tailBytes = order?.outputTailBytes ?? 0
  context.output.begin({ sequence, folder, headBytes, tailBytes, secrets, from })
}

type Admission = ReturnType<NonNullable<AgentContext["admit"]>>

/** Launches what needs nothing but its order. */
async function launchAdmitted(
  context: AgentContext,
  attempt: Attempt,
  environment: readonly string[],
  secrets: Readonly<Record<string, string>>,
  refusal: Admission,
): Promise<void> {
  attempt.abort = new AbortController()
  if (await isRefused(context, attempt, refusal)) return
  launch(context, attempt, environment, secrets)
}

/** Refuses what may not start after all. @throws where it was stopped meanwhile */
async function isRefused(context: AgentContext, attempt: Attempt, refusal: Admission | undefined): Promise<boolean> {
  const found = (await refusal) ?? null
  attempt.abort?.signal.throwIfAborted()
  if (found !== null) refuse(context, attempt, found.cause, `It cannot start there now: ${found.reason}`)
  return found !== null
}

async function prepare(
  context: AgentContext,
  attempt: Attempt,
  order: AttemptOrder,
  secrets: Readonly<Record<string, string>>,
  refusal: Admission | undefined,
): Promise<void> {
  const abort = new AbortController()
  attempt.abort = abort
  // A job before may have removed some.
  makeHostFolder(context.folder)
  const askForData: AskForData = (root, hashes, direct) =>
    askServer(context, attempt, { type: "need-data", ...nameOf(attempt), root, hashes, direct }, abort.signal)
  await placeData(context, attempt, order.data, askForData, abort.signal)
  await bringWorkspace(context, attempt, order, abort.signal)
  await prepareEnvironment(context, attempt, order, abort.signal)
  abort.signal.throwIfAborted()
  if (await isRefused(context, attempt, refusal)) return
  linkAllData(context, attempt, order.data)
  launch(context, attempt, jobEnvironment(order, secrets, context.jobHost, attempt))
  setImmediate(() => keepIndex(attempt))
}

/** Gets what is missing of the workspace and of what an earlier attempt left, and lays it out. What turns out gone or damaged meanwhile is got again, a few times. */
async function bringWorkspace(
  context: AgentContext,
  attempt: Attempt,
  order: AttemptOrder,
  signal: AbortSignal,
): Promise<void> {
  const { cache, clock } = context
  const work = join(attempt.folder, "work")
  for (let tries = 1; ; tries++) {
    await cache.settled()
    for (let missing = cache.missing(order); missing.length > 0; missing = cache.missing(order)) {
      const hashes = missing.slice(0, HASHES_PER_NEED)
      await askServer(context, attempt, { type: "need", ...nameOf(attempt), hashes }, signal)
    }
    signal.throwIfAborted()
    const from = order.checkpoint?.from ?? null
    try {
      if (order.workspace !== null) attempt.index = await cache.layOut(order.workspace, work, clock.now(), signal)
      // The index stays that of what was sent: what an earlier attempt made comes home with what this one makes.
      if (from !== null) await cache.layOver(from.tree, work, { except: order.data.map(({ path }) => path), signal })
      return
    } catch (error) {
      const isGone = error instanceof WindfallError && error.code === "blobs_missing"
      if (!isGone || tries === LAYING_OUT_TRIES) throw error
      await removeTree(work)
      if (order.workspace === null) mkdirSync(work, { mode: 0o700 })
    }
  }
}

/** Done while the job already runs: for 20,000 files it takes 20 ms. Where it cannot be done, the index is had from the tree. */
function keepIndex(attempt: Attempt): void {
  try {
    attempt.index?.save(indexPath(attempt))
    attempt.index = undefined
  } catch {
    // A full disk, or the attempt has been put away. It stays in memory.
  }
}

/** Hands a prepared attempt to the forker. Safe to repeat while no start was seen: only one supervisor gets the right to run. */
export function launch(
  context: AgentContext,
  attempt: Attempt,
  environment: readonly string[],
  secrets: Readonly<Record<string, string>> = {},
): void {
  const { order, folder, sequence } = attempt
  if (order === null) return
  attempt.phase = "launching"
  const gate = order.member === undefined ? [] : gateWords(folder)
  attempt.startedUptimeMs = context.clock.sleepCountingMs()
  context.forker.run({
    sequence,
    attempt: order.attempt,
    job: order.job,
    folder,
    inode: attempt.inode,
    order: attempt.inode === null ? JSON.stringify(order) : "",
    secrets: attempt.hasSecrets ? JSON.stringify(secrets) : "",
    uptimeMs: attempt.startedUptimeMs,
    stdinPath: order.stdin === null ? "/dev/null" : context.cache.pathOf(order.stdin),
    workingFolder: join(folder, "work", order.workingFolder),
    graceMs: order.graceMs,
    terminal: hasTerminal(order),
    ...(hasTerminal(order)
      ? inTerminal(context, attempt, order, environment)
      : { command: [...attempt.builder, ...gate, ...order.command], environment }),
  })
  context.changed()
}

/** Where an attempt's index is kept. */
export function indexPath(attempt: Attempt): string {
  return join(attempt.folder, "index")
}

/** Whether an order's command runs under a PTY host. */
export function hasTerminal(order: AttemptOrder): boolean {
  return order.kind === "session" || order.pty !== null
}

/** The same command under a PTY host, which is then what the supervisor runs. A session waits for its first client. */
function inTerminal(context: AgentContext, attempt: Attempt, order: AttemptOrder, lines: readonly string[]) {
  const environment = environmentOf(lines)
  const config: TerminalHostConfig = {
    socketPath: terminalSocketPath(attempt.folder, null),
    size: order.pty,
    interactive: order.kind === "session",
    endsWith: null,
    abandonMs: null,
  }
  // A login shell would put PATH together anew, and the system's Python before the environment's.
  const shell = attempt.environment === undefined ? loginShell(environment) : shellBeside(environment)
  const command = order.command.length > 0 ? order.command : shell
  return {
    command: terminalHostCommand(context.program, config, [...attempt.builder, ...command]),
    environment: Object.entries(terminalHostEnv(environment)).map(([name, value]) => `${name}=${value}`),
  }
}

function refuseWithoutTerminals(): void {
  const problem = terminalProblem()
  if (problem !== null) throw problem
}

/**
 * Puts again what the forker was asked for and no supervisor has answered: the forker has died in between, or hangs. What was
 * put before is void from now on, and the folders are made here: two requests for one attempt could otherwise run it twice, the
 * second of them when the first has ended and its folder is gone.
 */
export function launchAgain(context: AgentContext): void {
  try {
    context.forker.voidRequests()
    for (const attempt of context.attempts.values()) {
      if (attempt.phase === "launching") launchOnceMore(context, attempt)
    }
  } catch {
    // A full disk: at the next look it is tried again.
  }
}

function launchOnceMore(context: AgentContext, attempt: Attempt): void {
  const { order, secrets = {}, folder } = attempt
  if (order === null) return
  attempt.inode ??= completeAttempt(folder, order, secrets)
  launch(context, attempt, jobEnvironment(order, secrets, context.jobHost, attempt), secrets)
}

/** Ends an attempt whose command never ran, and says why. */
export function refuse(context: AgentContext, attempt: Attempt, cause: Cause, message: string, data?: string): void {
  context.attempts.delete(attempt.sequence)
  context.output.end(attempt.sequence)
  attempt.phase = "ended"
  const blamed = data === undefined ? {} : { data }
  tell(context, attempt, { type: "refused", ...nameOf(attempt), cause, message, ...blamed })
  try {
    context.trash.discard(attempt.folder)
  } catch {
    // Its folder has no record: the next agent sees that it never ran.
  }
  context.changed()
}

function refuseFor(context: AgentContext, attempt: Attempt, thrown: unknown): void {
  if (attempt.stop !== null) {
    refuse(context, attempt, attempt.stop.cause, attempt.message ?? "It was stopped before it ran")
    return
  }
  const doing = "prepare the attempt on the host"
  const error = toWindfallError(diskError(thrown, doing), doing)
  const isInput = error.code === "invalid_input" || error.code === "too_large"
  const data = typeof error.details?.data === "string" ? error.details.data : undefined
  if (isDiskFull(error)) refuse(context, attempt, "disk_full", error.message)
  else if (data !== undefined) refuse(context, attempt, "data_failed", error.message, data)
  else if (isInput && attempt.abort === undefined) refuse(context, attempt, "start_failed", error.message)
  else refuse(context, attempt, isOfEnvironment(error) ? "environment_failed" : "workspace_failed", error.message)
}
