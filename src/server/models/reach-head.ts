import { type Agent, request } from "node:http"
import type { Duplex } from "node:stream"
import { adapterOf } from "../../hive/engines/engine-adapters.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { EngineKind, ModelPurpose } from "../../protocol/model-api.ts"
import type { Core } from "../core.ts"
import { reachAttempt } from "../terminals/reach-attempt.ts"

const LONGEST_ANSWER = 1024 ** 2

/** @throws {WindfallError} wrong_state, host_unreachable, link_lost */
export async function openToHead(core: Core, job: JobId, port: number): Promise<Duplex> {
  const wish = { job, to: `reach the engine of job ${job}`, whileFinishing: true }
  const { channel, sequence } = reachAttempt(core, wish, { user: "windfall", role: "admin" })
  const { stream } = await channel.openTunnel(`${sequence}/port/${port}`, { signal: core.signal })
  return stream
}

export interface ProbeOptions {
  readonly agent: Agent
  readonly engine: EngineKind
  readonly purpose: ModelPurpose
  readonly alias: string
  readonly key: string
  /** Makes the prompt one that no cache has. */
  readonly word: string
  /** All its slots are taken: it is only asked whether it is there. */
  readonly isFull: boolean
  readonly limitMs: number
  readonly signal: AbortSignal
}

/** Has a token come through the whole chain. @returns why none did, in words; `null` when it did */
export async function probeHead(options: ProbeOptions): Promise<string | null> {
  const { http } = adapterOf(options.engine)
  const { path, body } = http.canary(options, options.word)
  try {
    if (options.isFull) {
      const { status } = await ask(http.healthPath, null, options)
      return status === 200 ? null : `its engine answered ${status}`
    }
    const { status, text } = await ask(path, JSON.stringify(body), options)
    if (status === 200 && http.canaryTokens(JSON.parse(text)) > 0) return null
    return `its engine answered ${status} where a token was to come`
  } catch (error) {
    return `no token came through the tunnel: ${(error as Error).message}`
  }
}

function ask(path: string, body: string | null, options: ProbeOptions): Promise<{ status: number; text: string }> {
  const { agent, key, limitMs, signal } = options
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const asked = request({
    agent,
    host: "127.0.0.1",
    path,
    method: body === null ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === null ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    },
    signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
  })
  asked.on("error", reject)
  asked.on("response", (response) => {
    let text = ""
    response.setEncoding("utf8")
    response.on("data", (piece: string) => {
      text += piece
      if (text.length > LONGEST_ANSWER) response.destroy(new Error("its answer is too long"))
    })
    response.on("error", reject)
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text }))
  })
  asked.end(body ?? undefined)
  return promise
}
