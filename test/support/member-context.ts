import { randomBytes } from "node:crypto"
import { systemClock } from "../../src/base/clock.ts"
import { llamaCppAdapter } from "../../src/hive/engines/llama-cpp-adapter.ts"
import type { HiveNews } from "../../src/hive/order/hive-news.ts"
import { DEFAULT_LIMITS, type HiveOrder } from "../../src/hive/order/hive-order.ts"
import type { MemberContext } from "../../src/member/member-context.ts"

/** An order of two members that nothing is wrong with. */
export const SOME_ORDER: HiveOrder = {
  version: 1,
  hive: "h-1",
  key: "a1".repeat(32),
  engineKey: "the-key-of-the-engine",
  engine: "llama.cpp",
  engineFolder: null,
  alias: "some model",
  contextTokens: 512,
  slots: 1,
  kv: "f16",
  mode: "pipeline",
  projectorPath: null,
  members: [
    { modelPath: "/models/a.gguf", firstLayer: 0, layers: 2 },
    { modelPath: null, firstLayer: 2, layers: 4 },
  ],
  httpPort: null,
  threads: 1,
  cacheBytes: 0,
  limits: DEFAULT_LIMITS,
}

export interface HeldContext extends MemberContext {
  readonly told: HiveNews[]
  readonly lines: string[]
}

/** What a member would have, in the test's own process. */
export function memberContext(changes: Partial<MemberContext> = {}): HeldContext {
  const told: HiveNews[] = []
  const lines: string[] = []
  const never = new AbortController().signal
  return {
    order: SOME_ORDER,
    rank: 0,
    places: [
      { host: "mac-0", address: "127.0.0.1", port: 0 },
      { host: "mac-1", address: "127.0.0.1", port: 0 },
    ],
    adapter: llamaCppAdapter,
    environment: process.env,
    clock: systemClock(),
    random: randomBytes,
    tell: (news) => void told.push(news),
    log: (line) => void lines.push(line),
    asked: never,
    hurried: never,
    ...changes,
    told,
    lines,
  }
}
