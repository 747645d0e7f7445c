import { randomBytes } from "node:crypto"
import { llamaCppAdapter } from "../src/hive/engines/llama-cpp-adapter.ts"
import { freePort, whyNotListening } from "../src/member/engine-ports.ts"
import { engineSite } from "../src/member/engine-site.ts"
import { findEngine } from "../src/member/find-engine.ts"
import { Child } from "../test/support/child.ts"
import { complete, HiveScene } from "../test/support/hive-scene.ts"
import { findLlamaCpp } from "../test/support/llama-cpp.ts"
import { memberContext } from "../test/support/member-context.ts"
import type { RandomModel } from "../test/support/random-gguf.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import { type Figure, median } from "./figure.ts"

const ROUNDS = 9
const LAYERS = [3, 3]
const LOOK_MS = 5
/** The smallest that engines are tried with, and one whose loading is most of a start; that one is what is asked about. */
const MODELS: readonly { readonly name: string; readonly model: RandomModel; readonly most?: number }[] = [
  { name: "2 MB", model: { width: 128 } },
  { name: "450 MB", model: { width: 2_048 }, most: 1.1 },
]

export const hiveReadyBench: Benchmark = {
  name: "hive-ready",
  about:
    "A hive of two by the real llama.cpp, each member with half of the layers, both on this machine: from the start of the members' commands to `ready`, in which lie two starts of Node, their finding each other and the canary, but no questions to the engine's programs: they have been asked before, as on a host that had a hive of this user's in the last day; beside the same processes with the same flags started by hand, each as soon as the one before listens, looked at every 5 ms, until the answer to the same question as the canary. In turn; the ratio is of each pair. That a job's files travel and its turn comes is not in it.",
  async run({ note }: Surroundings): Promise<readonly Figure[]> {
    const llama = await findLlamaCpp()
    if ("lacking" in llama) throw new Error(llama.lacking)
    const figures: Figure[] = []
    for (const { name, model, most } of MODELS) {
      const members: number[] = []
      const byHand: number[] = []
      await using first = await HiveScene.set({ engineFolder: llama.folder, layers: LAYERS, model })
      const modelPath = first.files.model
      // Once before, so that files lie in memory.
      for (let round = -1; round < ROUNDS; round++) {
        const engineMs = await startByHand(first)
        await using scene = await HiveScene.set({ engineFolder: llama.folder, layers: LAYERS, modelPath })
        // What members keep of the engine's answers lies in the job's HOME, which is the same for all jobs of a user.
        const hiveMs = await startMembers(scene, first.home, round < 0 ? note : () => {})
        if (round < 0) continue
        byHand.push(engineMs)
        members.push(hiveMs)
      }
      const ratios = members.map((ms, at) => ms / (byHand[at] ?? Number.NaN))
      note(`${name}: ${median(members).toFixed(0)} ms, by hand ${median(byHand).toFixed(0)} ms`)
      figures.push(
        { what: `${name}: by hand to the first token`, unit: "ms", values: byHand },
        { what: `${name}: members to \`ready\``, unit: "ms", values: members },
        {
          what: `${name}: ratio`,
          unit: "times",
          values: ratios,
          ...(most === undefined ? {} : { bounds: [{ of: "median", most }] }),
        },
      )
    }
    return figures
  },
}

async function startMembers(scene: HiveScene, home: string, note: (line: string) => void): Promise<number> {
  const beganMs = performance.now()
  const [head] = scene.order.members.map((_, rank) => scene.start(rank, { HOME: home }))
  let seen = 0
  head?.child.process.stdout.on("data", () => {
    for (const news of head.news.slice(seen)) {
      note(`${(performance.now() - beganMs).toFixed(0)} ms ${news.hive} ${"step" in news ? news.step : ""}`)
      seen++
    }
  })
  await head?.says("ready")
  const tookMs = performance.now() - beganMs
  for (const { child } of scene.members) child.kill("SIGTERM")
  await Promise.all(scene.members.map((member) => member.ended))
  return tookMs
}

/** The programs and flags that the hive would have. */
async function startByHand({ order }: HiveScene): Promise<number> {
  const context = memberContext({ order, rank: 0 })
  const found = await findEngine(llamaCppAdapter, order.engineFolder, 0, process.env, new AbortController().signal)
  const ports = [await freePort(), await freePort(), await freePort()] as const
  const sites = await Promise.all([0, 1].map((rank) => engineSite({ ...context, rank }, found)))
  await using stack = new AsyncDisposableStack()
  const start = (launch: ReturnType<typeof llamaCppAdapter.worker>) => {
    if (launch === null) return
    const env = launch.environment
    stack.use(new Child(found.programs[launch.program] ?? "", [...launch.arguments], { env }))
  }
  const beganMs = performance.now()
  const workers = [
    { rank: 0, address: "127.0.0.1", port: ports[0] },
    { rank: 1, address: "127.0.0.3", port: ports[1] },
  ]
  for (const [at, worker] of workers.entries()) start(llamaCppAdapter.worker(sites[at]!, worker))
  for (const worker of workers) await until(async () => (await whyNotListening(worker, 1_000)) === null)
  start(llamaCppAdapter.head(sites[0]!, ports[2], workers))
  const health = () =>
    fetch(`http://127.0.0.1:${ports[2]}/health`).then(
      ({ status }) => status === 200,
      () => false,
    )
  await until(health)
  const { body } = llamaCppAdapter.http.canary(order, randomBytes(6).toString("hex"))
  const answer = await complete(ports[2], body as Record<string, unknown>)
  if (answer.status !== 200) throw new Error(await answer.text())
  await answer.text()
  return performance.now() - beganMs
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((later) => setTimeout(later, LOOK_MS))
}
