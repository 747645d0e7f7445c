/** What an ended attempt made: found in its folder, and told. */
import { chmodSync, existsSync, lstatSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { mayBeTriedAgain } from "../protocol/checkpoint.ts"
import { shownPath } from "../workspace/disk-error.ts"
import { type CollectedOutputs, collectOutputs, type SeenData } from "../workspace/outputs.ts"
import { StatIndex } from "../workspace/stat-index.ts"
import { type AgentContext, nameOf, tell } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { targetOf } from "./data/place-data.ts"
import { indexPath } from "./launch.ts"

const NO_OUTPUTS: CollectedOutputs = {
  tree: null,
  trees: new Map(),
  sources: new Map(),
  files: 0,
  bytes: 0,
  leftOut: [],
  unmatched: [],
}

/** Tells what an ended attempt made; the first time, that is collected before. */
export function tellMade(context: AgentContext, attempt: Attempt): void {
  if (attempt.outputs === undefined) {
    if (!attempt.collecting) void collect(context, attempt)
    return
  }
  tellCheckpoint(context, attempt)
  tellOutputs(context, attempt)
}

async function collect(context: AgentContext, attempt: Attempt): Promise<void> {
  attempt.collecting = true
  const left = checkpointGlobs(attempt)
  if (left !== null) attempt.checkpoint = await made(context, attempt, left)
  // Somebody waits for it, and for outputs of such an attempt mostly nobody.
  tellCheckpoint(context, attempt)
  attempt.outputs = await made(context, attempt, attempt.order?.outputs ?? null)
  attempt.collecting = false
  tellOutputs(context, attempt)
}

/** What is to be collected apart for the next attempt; `null` where that is nothing, or what comes home. */
function checkpointGlobs({ order, exit }: Attempt): readonly string[] | null {
  const globs = order?.checkpoint?.globs ?? []
  if (globs.length === 0 || exit === null) return null
  // A member may have failed for the loss of another, and then all are tried again.
  const mayBeOthers = order?.member !== undefined && exit.exitCode !== 0
  return mayBeTriedAgain(exit.cause) || mayBeOthers ? globs : null
}

async function made(
  context: AgentContext,
  attempt: Attempt,
  globs: readonly string[] | null,
): Promise<CollectedOutputs | { readonly problem: string }> {
  const work = join(attempt.folder, "work")
  try {
    // A job may have closed its own folder; what is in there is still its output.
    if (lstatSync(work).isDirectory()) chmodSync(work, 0o700)
    if (attempt.order?.workspace === null && readdirSync(work).length === 0) {
      return { ...NO_OUTPUTS, unmatched: globs ?? [] }
    }
    return await collectOutputs(work, indexOf(context, attempt), { globs, data: seenData(context, attempt) })
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { problem: existsSync(work) ? problem : "the job has removed the folder that it ran in" }
  }
}

function seenData(context: AgentContext, { order }: Attempt): SeenData[] {
  return (order?.data ?? []).flatMap((one) => {
    const target = targetOf(context, one)
    return target === null ? [] : [{ path: one.path, target }]
  })
}

/** The workspace as it was handed over. A job can reach the file; then all is read and compared with what was sent. */
function indexOf(context: AgentContext, attempt: Attempt): StatIndex {
  const tree = attempt.order?.workspace ?? null
  const index = attempt.index ?? StatIndex.load(indexPath(attempt))
  return index ?? (tree === null ? StatIndex.empty : context.cache.indexOf(tree))
}

function tellOutputs(context: AgentContext, attempt: Attempt): void {
  if (attempt.outputs === undefined) return
  const { unmatched, ...news } = newsOf(attempt.outputs)
  tell(context, attempt, {
    type: "outputs",
    ...nameOf(attempt),
    ...news,
    ...(unmatched.length === 0 ? {} : { unmatched }),
  })
}

function tellCheckpoint(context: AgentContext, attempt: Attempt): void {
  if (attempt.checkpoint === undefined) return
  const { unmatched: _, ...news } = newsOf(attempt.checkpoint)
  tell(context, attempt, { type: "checkpoint", ...nameOf(attempt), ...news })
}

function newsOf(found: CollectedOutputs | { readonly problem: string }) {
  if ("problem" in found) return { tree: null, files: 0, bytes: 0, unmatched: [], problem: found.problem }
  const { tree, files, bytes, unmatched } = found
  return { tree, files, bytes, unmatched, problem: stayedBehind(found) }
}

const WHY_STAYED: Readonly<Record<string, string>> = {
  name: "its name is not UTF-8",
  path: "its path is too long",
}

/** What the job made that cannot travel, in words: sockets, names that are no UTF-8, what another account closed. */
function stayedBehind({ leftOut }: CollectedOutputs): string | null {
  const special = leftOut.filter(({ why }) => why === "special")
  const [first, second] = special
  if (first === undefined) return null
  const stayed = `${shownPath(first.path)} could not come home (${whyStayed(first)})`
  if (second === undefined) return stayed
  if (special.length > 2) return `${stayed} and ${special.length - 1} more`
  return `${stayed}, nor could ${shownPath(second.path)} (${whyStayed(second)})`
}

function whyStayed({ rule }: CollectedOutputs["leftOut"][number]): string {
  return WHY_STAYED[rule] ?? rule
}
