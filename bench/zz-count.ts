import { scene } from "./zz-plan.ts"
import { planQueue } from "../src/scheduler/queue/plan-queue.ts"
const NOW = Date.parse("2026-11-27T09:00:17Z")
for (const [j, h, n] of [[1000, 50, 30], [10000, 200, 8], [100000, 1000, 2]] as const) {
  ;(globalThis as any).passes = undefined
  const s = scene(j, h)
  let plan = planQueue(s, NOW)
  const times = Array.from({ length: n }, () => { const t = performance.now(); plan = planQueue(s, NOW); return performance.now() - t }).sort((a, b) => a - b)
  const by: Record<string, number> = {}
  for (const e of plan.entries) { const k = e.state + (e.behind !== null ? " behind" : "") + " " + (e.reason?.code ?? ""); by[k] = (by[k] ?? 0) + 1 }
  console.log(j, h, times[n >> 1]!.toFixed(1), JSON.stringify((globalThis as any).passes), JSON.stringify(by))
}
