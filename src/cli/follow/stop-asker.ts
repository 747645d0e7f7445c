import type { StopRequest } from "../../protocol/api.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobView } from "../../protocol/job.ts"
import type { Cli } from "../cli.ts"
import { askKey } from "../prompt.ts"
import { keptStopText } from "../render/job-text.ts"
import type { JobSignal } from "./job-signals.ts"
import type { JobSink } from "./job-sink.ts"

/**
 * What an interrupt means. On a terminal the first Ctrl-C asks (detach or stop), a second one stops. Without a terminal
 * SIGINT and SIGTERM stop. Once it is being stopped, another one kills it, and one more only stops the watching.
 * SIGHUP detaches.
 */
export class StopAsker {
  readonly #cli: Cli
  readonly #sink: JobSink
  readonly #job: JobId
  readonly #detach: (why: "asked" | "hangup") => void
  #stage: "following" | "asking" | "stopping" | "killing" = "following"
  #saidKept = false

  constructor(options: { cli: Cli; sink: JobSink; job: JobId; detach: (why: "asked" | "hangup") => void }) {
    this.#cli = options.cli
    this.#sink = options.sink
    this.#job = options.job
    this.#detach = options.detach
  }

  take(signal: JobSignal): void {
    if (signal === "SIGHUP") this.#detach("hangup")
    else if (this.#stage === "following" && signal === "SIGINT" && this.#cli.isInteractive) void this.#ask()
    else if (this.#stage === "stopping") void this.#stop(true)
    else if (this.#stage === "killing") this.#detach("asked")
    else void this.#stop(false)
  }

  /** To be told of each change: once a stop has to wait for its host, that is said. */
  see(job: JobView): void {
    if (this.#stage !== "stopping" || this.#saidKept) return
    const kept = keptStopText(job, this.#cli.clock.now())
    if (kept === undefined) return
    this.#saidKept = true
    const leave = this.#cli.isInteractive ? "close this terminal" : `kill -HUP ${process.pid}`
    const next = "Once more gives the job up, though it may run there until then"
    void this.#sink.say(`${kept}. ${next}; to leave it at that: ${leave}`, { always: true })
  }

  async #ask(): Promise<void> {
    this.#stage = "asking"
    const release = await this.#sink.hold()
    let answer: "detach" | "stop" | "go on"
    try {
      answer = await askKey<"detach" | "stop" | "go on">(
        this.#cli,
        `windfall: job ${this.#job}: [d]etach and let it run, [s]top it, or Enter to go on? `,
        { d: "detach", s: "stop", c: "go on" },
        { enter: "go on", interrupt: "stop" },
      )
    } finally {
      release()
    }
    if (this.#stage !== "asking") return
    if (answer === "go on") this.#stage = "following"
    else if (answer === "detach") this.#detach("asked")
    else await this.#stop(false)
  }

  async #stop(now: boolean): Promise<void> {
    this.#stage = now ? "killing" : "stopping"
    try {
      await this.#sink.say(now ? `killing job ${this.#job}` : `stopping job ${this.#job} (once more kills it)`)
      const request: StopRequest = { now }
      this.see(await this.#cli.client.post<JobView>(`/v1/jobs/${this.#job}/stop`, request))
    } catch (error) {
      // The job may have ended in the same moment: its end is on its way and says so better.
      if ((error as { code?: unknown }).code === "wrong_state") return
      await this.#sink.say((error as Error).message, { always: true })
    }
  }
}
