import type { Clock } from "../../base/clock.ts"
import { deferred } from "../../base/deferred.ts"
import { attemptCount } from "../../protocol/attempt-members.ts"
import type { JobView } from "../../protocol/job.ts"
import { jobNumber } from "../../protocol/job-array.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { listTasks } from "../list-tasks.ts"
import { JobWatch } from "./job-watch.ts"
import { type LogRequest, type LogSink, readLogIfKept } from "./log-reader.ts"
import { NumberedSink } from "./numbered-sink.ts"
import { readRanks } from "./read-ranks.ts"

/** So long after one look for tasks that have begun comes the next at the earliest. */
const LOOK_MS = 500

export interface TasksRequest extends Omit<LogRequest, "job" | "attempt"> {
  readonly array: JobView
  /** Of each task; without, its last, and where it is followed those that come after, too. */
  readonly attempt?: number | undefined
  readonly clock: Clock
  /** What is to be said beside the output. */
  readonly say: (text: string) => Promise<void>
}

/**
 * Reads what the tasks of an array printed, line by line with the index before each: one task after the other by index; where that is followed those that
 * have ended so, and beside them each that runs or begins, until the array has ended. Returns how many tasks there were.
 */
export async function readTasks(request: TasksRequest, sink: LogSink): Promise<number> {
  return request.follow ? followTasks(request, sink) : readBegun(request, sink)
}

async function readBegun(request: TasksRequest, sink: LogSink): Promise<number> {
  const { client, array, attempt = 1 } = request
  const tasks = await listTasks(client, array, (task) => attemptCount(task) >= attempt)
  for (const task of tasks) await readTask(request, task, request.attempt ?? attemptCount(task), sink)
  return tasks.length
}

async function followTasks(request: TasksRequest, sink: LogSink): Promise<number> {
  const { client, array, signal, patienceMs, clock } = request
  const failed = deferred<never>()
  failed.promise.catch(() => {})
  let changes = 0
  const watch = new JobWatch({
    client,
    job: array,
    signal,
    patienceMs: patienceMs ?? 0,
    onRetry: () => request.onRetry?.(),
    onChange: () => changes++,
  })
  watch.run().catch(failed.reject)
  const known = new Set<number>()
  const reading: Promise<void>[] = []
  let ended = Promise.resolve()
  for (;;) {
    const [isLast, seen] = [watch.isSettled, changes]
    const isNew = (task: JobView) => attemptCount(task) > 0 && !known.has(task.id)
    const begun = await listTasks(client, array, isNew, { signal, patienceMs })
    for (const task of begun) {
      known.add(task.id)
      const follow = () => followTask(request, task, sink)
      if (isFinal(task.state)) ended = ended.then(follow)
      const one = isFinal(task.state) ? ended : follow()
      one.catch(failed.reject)
      reading.push(one)
    }
    if (isLast) break
    await Promise.race([clock.sleep(LOOK_MS, { signal }), failed.promise])
    await Promise.race([watch.until(() => changes > seen), failed.promise])
  }
  await Promise.all(reading)
  return known.size
}

/** Until it has ended, attempt after attempt. */
async function followTask(request: TasksRequest, task: JobView, sink: LogSink): Promise<void> {
  const { client, signal, patienceMs } = request
  for (let attempt = request.attempt ?? attemptCount(task); ; attempt++) {
    await readTask(request, task, attempt, sink)
    if (request.attempt !== undefined) return
    const now = await client.get<JobView>(`/v1/jobs/${task.id}`, { signal, patienceMs })
    if (isFinal(now.state) && attemptCount(now) <= attempt) return
  }
}

async function readTask(request: TasksRequest, task: JobView, attempt: number, sink: LogSink): Promise<void> {
  const { say, rank } = request
  const numbered = new NumberedSink(task.task?.index ?? 0, sink)
  const one = { ...request, job: task.id, attempt }
  const { gang } = task.spec
  if (gang === undefined || rank !== undefined) {
    await readLogIfKept(one, { stdout: 0, stderr: 0 }, numbered, say)
  } else await readRanks(one, gang.hosts, numbered)
  const { logEnd } = task.attempts.find(({ number }) => number === attempt) ?? {}
  if (logEnd === "unknown")
    await say(`of job ${jobNumber(task)} the end may be missing: contact with its host was lost`)
}
