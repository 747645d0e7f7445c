import assert from "node:assert/strict"
import { test } from "node:test"
import type { JobView } from "../../protocol/job.ts"
import { StopTeller } from "./stop-teller.ts"

test("it is told that a job is stopped for somebody, and that it goes on, with the time where that is one", () => {
  const said: string[] = []
  let now = 5_004
  const view = (state: JobView["state"], since: number | null = null) =>
    ({
      id: 2,
      state,
      attempts: [
        {
          hostName: "mac-3",
          suspended: since === null ? null : { since, code: "owner_here", text: "somebody is at it" },
        },
      ],
    }) as unknown as JobView
  const teller = new StopTeller(view("running"), { say: (text) => said.push(text), now: () => now })
  teller.see(view("suspended", 5_002))
  teller.see(view("suspended", 5_002))
  now = 17_100
  teller.see(view("running"))
  teller.see(view("suspended", 17_100))
  now = 17_400
  teller.see(view("running"))
  teller.see(view("suspended", 17_400))
  // How it ended, or that it is queued again, others say.
  teller.see(view("queued"))
  teller.see(view("running"))
  const stopped = "job 2 is suspended on mac-3: somebody is at it"
  assert.deepEqual(said, [stopped, "job 2 goes on on mac-3 after 12 s", stopped, "job 2 goes on on mac-3", stopped])
})
