import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { runsOn, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"

const SMALL = { resources: { memoryBytes: null, gpus: 0, cores: 1 } }
const KINDS = ["after", "afterany", "afterok", "afternotok"] as const

/** What others wait for: a job, an array, a task of it by index, the same by its number. The array has the tasks 1 to 3, two at a time. */
const TARGETS = {
  job: () => "1",
  array: () => "2",
  index: (task: number) => `2_${task}`,
  number: (task: number) => `${2 + task}`,
}

type Act =
  | { readonly do: "finish"; readonly which: number; readonly exitCode: number }
  | { readonly do: "stop"; readonly target: string }
  | { readonly do: "restart" }
  | { readonly do: "lose"; readonly which: number }
  | {
      readonly do: "send"
      readonly kind: (typeof KINDS)[number]
      readonly to: keyof typeof TARGETS
      readonly task: number
    }
  | { readonly do: "send-corr" }

const sending = fc.record({
  do: fc.constant("send" as const),
  kind: fc.constantFrom(...KINDS),
  to: fc.constantFrom(...(Object.keys(TARGETS) as (keyof typeof TARGETS)[])),
  task: fc.integer({ min: 1, max: 3 }),
})
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: sending },
  { weight: 1, arbitrary: fc.constant({ do: "send-corr" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("finish" as const),
      which: fc.nat(10),
      exitCode: fc.constantFrom(0, 0, 3),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("stop" as const), target: fc.constantFrom("1", "2_1", "2_2", "2_3") }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "restart" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const), which: fc.nat(10) }) },
)

/** One that waits, as the plain model knows it. */
interface Waiting {
  readonly job: JobView
  readonly kind: (typeof KINDS)[number]
  /** Jobs and tasks, each by what the API knows it by. */
  readonly on: readonly string[]
}

/** What the documents say of each kind, over how the jobs stand that are waited for. */
function modelOf(kind: Waiting["kind"], on: readonly JobView[]): "waits" | "goes" | "never" {
  const hasEnded = on.every(({ state }) => isFinal(state))
  const isLost = on.some(({ state }) => isFinal(state) && state !== "succeeded")
  switch (kind) {
    case "after":
      return on.every(({ startedAt, state }) => startedAt !== null || isFinal(state)) ? "goes" : "waits"
    case "afterany":
      return hasEnded ? "goes" : "waits"
    case "afterok":
      return isLost ? "never" : hasEnded ? "goes" : "waits"
    case "afternotok":
      return !hasEnded ? "waits" : isLost ? "goes" : "never"
  }
}

async function orStuck<T>(promise: Promise<T>, message: string): Promise<T> {
  const { promise: stuck, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new assert.AssertionError({ message })), 20_000)
  try {
    return await Promise.race([promise, stuck])
  } finally {
    clearTimeout(timer)
  }
}

class Scene {
  readonly server: TestServer
  readonly host: SimulatedHost
  readonly waiting: Waiting[] = []

  constructor(server: TestServer, host: SimulatedHost) {
    this.server = server
    this.host = host
  }

  view(target: string): Promise<JobView> {
    return this.server.call<JobView>("GET", `/v1/jobs/${target}`)
  }

  async do(act: Act): Promise<void> {
    const { server, host } = this
    if (act.do === "restart") {
      await server.stop()
      await server.start()
    } else if (act.do === "stop") {
      const { state, id } = await this.view(act.target)
      if (isFinal(state)) return
      await server.call("POST", `/v1/jobs/${act.target}/stop`, { now: true })
      await server.untilEnded(id)
    } else if (act.do === "send") {
      const on = TARGETS[act.to](act.task)
      const job = await this.#send({ queue: { ...NO_QUEUE_REQUEST, after: `${act.kind}:${on}` } })
      this.waiting.push({ job, kind: act.kind, on: act.to === "array" ? ["2_1", "2_2", "2_3"] : [on] })
    } else if (act.do === "send-corr") {
      const job = await this.#send({ array: "1-3", queue: { ...NO_QUEUE_REQUEST, after: "aftercorr:2" } })
      for (const task of [1, 2, 3]) {
        const one = await this.view(`${job.id}_${task}`)
        this.waiting.push({ job: one, kind: "afterok", on: [`2_${task}`] })
      }
    } else {
      const running = [...host.attempts.values()].filter(({ phase, order }) => phase === "running" && order.job <= 5)
      const attempt = running[act.which % Math.max(1, running.length)]
      if (attempt === undefined) return
      const id = attempt.order.job
      const before = (await server.job(id)).attempts.length
      if (act.do === "finish") {
        host.finish(attempt, { exitCode: act.exitCode })
        await server.untilEnded(id)
      } else {
        // Its Mac went down with it: it is tried again.
        host.finish(attempt, { exitCode: null, cause: "host_restarted" })
        await server.until(
          id,
          ({ attempts, state }) => attempts.length > before || state === "queued" || isFinal(state),
        )
      }
    }
  }

  #send(change: object): Promise<JobView> {
    return this.server.submit({ ...SMALL, ...change })
  }

  async #modelOf({ kind, on }: Waiting) {
    return modelOf(kind, await Promise.all(on.map((target) => this.view(target))))
  }

  /** Everybody who waits stands as the model says. Who was let go is not asked for again. */
  async check(): Promise<void> {
    const { server } = this
    for (const one of [...this.waiting]) {
      const { id } = one.job
      let model = await this.#modelOf(one)
      if (model === "waits" && (await this.view(`${id}`)).state === "held") continue
      // What it waits for may have begun between the two looks.
      if (model === "waits") model = await this.#modelOf(one)
      assert.notEqual(model, "waits", `job ${id}: ${one.kind} ${one.on} is not held`)
      this.waiting.splice(this.waiting.indexOf(one), 1)
      const job = await orStuck(
        server.until(id, ({ state }) => state !== "held"),
        `job ${id}: ${one.kind} ${one.on} is held for ever`,
      )
      const isNever = job.state === "failed" && job.cause === "dependency_failed"
      assert.equal(isNever, model === "never", `job ${id}: ${one.kind} ${one.on} is ${job.state}`)
    }
  }
}

test("who waits for others is let go, or ended, when and only when the documents say so", {
  timeout: 600_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 8, maxLength: 24 }), async (acts) => {
      await using server = await TestServer.start()
      const host = await server.hosts.join("alpha", { cores: 64 })
      host.script = runsOn
      await server.submit(SMALL)
      await server.submit({ ...SMALL, array: "1-3%2" })
      await server.untilState(1 as JobView["id"], "running")
      const scene = new Scene(server, host)
      for (const one of acts) {
        await scene.do(one)
        await scene.check()
      }
      assert.deepEqual(server.troubles, [])
    }),
    { numRuns: 12 },
  )
})
