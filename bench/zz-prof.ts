import { scene } from "./zz-plan.ts"
import { planQueue } from "../src/scheduler/queue/plan-queue.ts"
const NOW = Date.parse("2026-11-27T09:00:17Z")
const [j, h, n] = process.argv.slice(2).map(Number)
const s = scene(j!, h!)
for (let i = 0; i < n!; i++) planQueue(s, NOW)
