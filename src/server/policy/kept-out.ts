import { IndexSet } from "../../base/index-set.ts"
import type { JobId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { HoldBy } from "../../protocol/queue-request.ts"
import type { EndedJob, QueueJob, QueueScene } from "../../scheduler/queue/queue-scene.ts"
import { jobsNamedIn } from "../../scheduler/request/after-words.ts"
import { type Dependency, readDependency } from "../../scheduler/request/dependency.ts"
import type { ArrayRecord } from "../../store/array-record.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { waitingTasks } from "../arrays/array-book.ts"
import { hasCorresponding } from "../arrays/correspond.ts"
import { arrayProgress, progressOf } from "../arrays/progress.ts"
import type { Core } from "../core.ts"
import { shapeOf } from "../jobs/shape-of.ts"
import { waitingJob } from "../queue/scene.ts"
import { queueAskedOf } from "../queue/standing.ts"

/** The server keeps held jobs out of the scene; in a file they stand with what holds them. */
export function withKeptOut(core: Core, scene: QueueScene): QueueScene {
  const kept: QueueJob[] = []
  const ended: EndedJob[] = []
  for (const job of core.table.all()) {
    if (job.state !== "held") continue
    const { tasks, hold } = heldTasks(job)
    if (tasks?.size === 0) continue
    const { after, beginAt } = queueAskedOf(job)
    // A task's was met when it began.
    const dependency = after === null || job.task !== undefined ? null : readDependency(after)
    const plain = waitingJob(scene.policy, job, {
      id: job.id,
      ...shapeOf(job),
      crashes: core.store.jobs.crashes.of(job.user, job.spec),
      notBeforeMs: null,
      ...(job.array === undefined && job.task === undefined
        ? {}
        : { array: waitingTasks(core.table.arrays, job, (id) => core.table.live(id)) }),
    })
    const array =
      plain.array === null || tasks === undefined
        ? plain.array
        : { ...plain.array, tasks: { ...plain.array.tasks, runs: tasks.runs, count: tasks.size } }
    kept.push({ ...plain, hold: job.standing?.hold ?? hold, beginMs: beginAt, dependency, array })
    if (dependency !== null) ended.push(...progressFor(core, dependency, tasks))
  }
  const each = new Map([...scene.ended, ...ended].map((one) => [`${one.job}_${one.task}`, one]))
  return { ...scene, waiting: [...scene.waiting, ...kept], ended: [...each.values()] }
}

/** Of an array, the tasks that stand for it, and who holds these where nobody holds all of it. In the order in which `gateOf` looks. */
function heldTasks({ array }: JobRecord): { readonly tasks?: IndexSet; readonly hold: HoldBy | null } {
  if (array === undefined) return { hold: null }
  const { waiting, blocked, held }: ArrayRecord = array
  if (waiting.size > 0) return { tasks: waiting, hold: null }
  if (blocked.size > 0) return { tasks: blocked, hold: null }
  const tasks = new IndexSet([...held.user.runs, ...held.admin.runs])
  return { tasks, hold: tasks.size === 0 ? null : held.user.size > 0 ? "user" : "admin" }
}

/** How those stand that it depends on, as far as the scene does not have them: who has ended, and arrays, whose tasks are jobs there. */
function progressFor(core: Core, dependency: Dependency, tasks: IndexSet | undefined): EndedJob[] {
  const isByTask = hasCorresponding(dependency)
  return jobsNamedIn(dependency).flatMap((number) => {
    const id = number as JobId
    const job = core.table.gates.endedOf(id) ?? core.table.live(id) ?? core.store.jobs.get(id)
    if (job === undefined) return []
    if (job.array === undefined) return isFinal(job.state) ? { job: id, task: null, ...progressOf(job) } : []
    const named = dependency.terms.flatMap((term) =>
      term.kind === "singleton"
        ? []
        : term.jobs.flatMap((one) => (one.job === id && one.task !== null ? one.task : [])),
    )
    // Tasks may wait for those of their own index.
    const asked = isByTask ? [...named, ...(tasks ?? [])] : named
    return [...arrayProgress(core, job, asked)].map(([task, progress]) => ({ job: id, task, ...progress }))
  })
}
