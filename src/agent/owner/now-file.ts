import { clockText, dayText } from "../../presence/clock-text.ts"
import type { OwnerObstacle, Scene } from "../../presence/obstacle.ts"
import { type JobHere, NOW_FILE, nowText } from "../../presence/owner-folder.ts"
import type { Attempt } from "../attempt.ts"
import type { OwnerFolder } from "./owner-folder.ts"

/** How old what stands there may be where nothing happens. */
const REWRITE_MS = 60_000

export interface NowFileOptions {
  readonly folder: OwnerFolder
  /** What this host is called. */
  readonly host: () => string
  readonly attempts: () => Iterable<Attempt>
  /** Why no job starts whoever is at it; `null` where some may. */
  readonly closed: (scene: Scene) => string | null
}

/** Keeps `Now.txt`, written anew when something has changed that its reader would want to know, and each minute. */
export class NowFile {
  readonly #options: NowFileOptions
  /** Since when an attempt is as it is, by its id. */
  readonly #since = new Map<string, { readonly state: JobHere["state"]; readonly atMs: number }>()
  #key = ""
  #writtenMs = Number.NEGATIVE_INFINITY

  constructor(options: NowFileOptions) {
    this.#options = options
  }

  /** What it says now. */
  text(scene: Scene, obstacles: readonly OwnerObstacle[]): string {
    const { now, timeZone, policy, watch } = scene
    return nowText({
      host: this.#options.host(),
      now,
      timeZone,
      presence: watch?.presence ?? null,
      onReturn: policy.values.onReturn,
      startObstacles: obstacles,
      closed: this.#options.closed(scene),
      jobs: this.#jobs(now.wallMs),
    })
  }

  keep(scene: Scene, obstacles: readonly OwnerObstacle[]): void {
    const jobs = this.#jobs(scene.now.wallMs).map(({ job, state, why }) => [job, state, why])
    const key = JSON.stringify([
      jobs,
      obstacles.map(({ code }) => code),
      scene.watch?.presence.state,
      this.#options.closed(scene),
      this.#options.host(),
    ])
    if (key === this.#key && performance.now() - this.#writtenMs < REWRITE_MS) return
    this.#key = key
    this.#writtenMs = performance.now()
    this.#options.folder.write(NOW_FILE, this.text(scene, obstacles))
  }

  /** Nobody is there any more who would write it. */
  leave({ now, timeZone }: Scene): void {
    const at = `${dayText(now.wallMs, timeZone)} ${clockText(now.wallMs, now.wallMs, timeZone)}`
    const text = "No job runs here, and none can start: Windfall is not connected to this Mac now."
    this.#options.folder.write(NOW_FILE, `Windfall on ${this.#options.host()}, ${at}\n\n${text}\n`)
  }

  #jobs(nowMs: number): JobHere[] {
    const jobs = [...this.#options.attempts()].filter(({ phase }) => phase !== "preparing" && phase !== "ended")
    for (const id of this.#since.keys()) if (!jobs.some((attempt) => attempt.id === id)) this.#since.delete(id)
    return jobs.map((attempt) => {
      const { job, order, startedAt, heldBytes, suspension } = attempt
      const state = stateOf(attempt)
      const before = this.#since.get(attempt.id)
      const since = before?.state === state ? before : { state, atMs: nowMs }
      this.#since.set(attempt.id, since)
      return {
        job,
        name: order?.jobName ?? null,
        user: order?.user ?? "somebody",
        sinceMs: startedAt ?? nowMs,
        memoryBytes: heldBytes,
        usesGpu: (order?.lease.gpus ?? 0) > 0,
        state,
        stateSinceMs: suspension.stopped?.at ?? since.atMs,
        why: state === "suspended" && suspension.stopped !== null ? { text: suspension.stopped.why.text } : null,
      }
    })
  }
}

function stateOf({ stop, status, suspension }: Attempt): JobHere["state"] {
  if (stop !== null || status !== null) return "ending"
  if (suspension.stopped !== null) return "suspended"
  return suspension.yields ? "yielding" : "running"
}
