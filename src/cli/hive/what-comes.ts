import type { PullView } from "../../protocol/pull-api.ts"
import type { Cli } from "../cli.ts"
import { pullsText as textOf } from "../render/pull-text.ts"

/** What comes from a hub just now, and what lately failed to; empty where there is nothing to say. */
export async function pullsText(cli: Cli): Promise<string> {
  const { pulls } = await cli.client.get<{ pulls: PullView[] }>("/v1/pulls")
  return textOf(pulls, cli.clock.now())
}
