import type { ServerHttp2Stream } from "node:http2"
import { checkExaminationRequest } from "../../protocol/doctor-check.ts"
import { type ExaminationHead, MOST_ANSWER_CHARACTERS, type ProbeOutput } from "../../protocol/doctor-wire.ts"
import type { AgentContext } from "../agent-context.ts"
import { examineHost } from "./examine-host.ts"

/** A line as it is sent. One for which there is no room says so, and what it printed is left out; that always finds room. */
export function withinRoom(line: ExaminationHead | ProbeOutput, room: number): string {
  const text = JSON.stringify(line)
  if (text.length <= room || !("probe" in line)) return text
  return JSON.stringify({ ...line, stdout: "", stderr: "", isCut: true } satisfies ProbeOutput)
}

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
  let characters = 0
  for await (const line of examineHost(context, asked, abort.signal)) {
    if (stream.destroyed) return
    if (!isOpen) stream.respond({ ":status": 200, "content-type": "application/x-ndjson" })
    isOpen = true
    const text = withinRoom(line, MOST_ANSWER_CHARACTERS - characters)
    characters += text.length
    stream.write(`${text}\n`)
  }
  stream.end(`${JSON.stringify({ end: true })}\n`)
}
