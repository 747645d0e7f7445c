import type { SubmitBatchRequest } from "../../protocol/api.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { JobPreviews } from "../../protocol/job-preview.ts"
import { LARGE_WORKSPACE_BYTES } from "../../protocol/network.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import type { Cli } from "../cli.ts"
import { say } from "../say.ts"

/** The job with the folder that would travel with it: its size where that matters to where it runs. */
export function withFolder(spec: JobSpec, { root, bytes }: ScannedTree): JobSpec {
  return { ...spec, workspace: root, ...(bytes < LARGE_WORKSPACE_BYTES ? {} : { workspaceBytes: bytes }) }
}

/**
 * "up to 400 MB over Wi-Fi to mac-3: about 14 s; mac-1 is wired", of each job that would start there as things are now, each once. The
 * server is asked only where a folder is large.
 * @param specs as {@link withFolder} makes them, not sent yet
 */
export async function travelNotes(cli: Cli, specs: readonly JobSpec[]): Promise<string[]> {
  const large = specs.filter(({ workspaceBytes = 0 }) => workspaceBytes >= LARGE_WORKSPACE_BYTES)
  if (large.length === 0) return []
  const request: SubmitBatchRequest = { specs: large }
  const answer = await cli.client.ask<JobPreviews>("/v1/jobs/preview", request).catch(() => null)
  return [...new Set((answer?.jobs ?? []).flatMap(({ travel }) => travel ?? []))]
}

/** Says that of jobs just before they are posted; once, also where posting is tried again. */
export function travelTeller(cli: Cli): (specs: readonly JobSpec[]) => Promise<void> {
  let isTold = false
  return async (specs) => {
    if (isTold) return
    isTold = true
    for (const note of await travelNotes(cli, specs)) await say(cli, note)
  }
}
