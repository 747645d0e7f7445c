/** A server whose gateway serves one model from the engine at the URL it is started with, in a process of its own. */
import { TestServer } from "../test/support/test-server.ts"

const [url = ""] = process.argv.slice(2)
const server = await TestServer.start({ gatewayLimits: { waiting: 4_000, waitingOfOne: 4_000 } })
server.running.models.set({
  name: "tiny",
  createdS: 1,
  takesImages: false,
  takesTokens: true,
  requests: { engineName: "llama.cpp", lacks: new Set(), leastNumbers: {}, seeds: 2 ** 32 - 1, defaults: {} },
  purpose: "text",
  contextTokens: 2_048,
  longestTokenBytes: null,
  replicas: [{ id: "r", url, model: "m", slots: 4_000, key: null }],
  problem: null,
  wake() {},
  failed: (_replica, reason) => console.error(reason),
})
const { key } = await server.call<{ key: string }>("POST", "/v1/keys", { name: "bench" })
const memory = () => ({
  rssBytes: process.memoryUsage.rss(),
  cpuMs: process.cpuUsage().user / 1e3 + process.cpuUsage().system / 1e3,
})
process.on("message", () => process.send?.(memory()))
process.send?.({ url: server.running.url, key })
process.once("disconnect", async () => {
  await server[Symbol.asyncDispose]()
  process.exit()
})
