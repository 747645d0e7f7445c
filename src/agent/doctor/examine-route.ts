import type { ServerHttp2Stream } from "node:http2"
import { checkExaminationRequest } from "../../protocol/doctor-check.ts"
import type { AgentContext } from "../agent-context.ts"
import { examineHost } from "./examine-host.ts"

/** Answers POST /doctor: lines of JSON as the probes end, the last `{"end":true}`. Ends what runs when the asker goes. */
export async function serveExamination(
  context: AgentContext,
  stream: ServerHttp2Stream,
  request: unknown,
): Promise<void> {
  const asked = checkExaminationRequest(request)
  const abort = new AbortController()
  stream.once("close", () => abort.abort())
  let isOpen = false
  for await (const line of examineHost(context, asked, abort.signal)) {
    if (stream.destroyed) return
    if (!isOpen) stream.respond({ ":status": 200, "content-type": "application/x-ndjson" })
    isOpen = true
    stream.write(`${JSON.stringify(line)}\n`)
  }
  stream.end(`${JSON.stringify({ end: true })}\n`)
}
