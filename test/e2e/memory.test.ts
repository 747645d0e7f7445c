import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { usePool } from "../support/use-pool.ts"

const MIB = 1024 ** 2
/** Grows by 100 MB a tenth of a second, up to 2 GB; in a child of its own, as a tree counts together. */
const GROWS = `fork or do { my @held; for (1 .. 20) { push @held, 'x' x 100_000_000; select(undef, undef, undef, 0.1) } exit }; wait`

describe("memory", { timeout: 600_000 }, () => {
  const pool = usePool({ local: 1 })

  it("ends the job that holds more than it asked for, says what would have done, and leaves the others alone", async () => {
    const innocent = await pool().submit({
      command: ["sleep", "600"],
      resources: { memoryBytes: 100 * MIB, gpus: 0, cores: 1 },
    })
    await pool().untilState(innocent.id, "running")
    const { exitCode, stderr } = await pool().windfall([
      "send",
      "--no-folder",
      "--memory",
      "300M",
      "--",
      "perl",
      "-e",
      GROWS,
    ])
    assert.equal(exitCode, 137, stderr)
    assert.match(
      stderr,
      /ran out of memory after .*: It held \d+ MB, and 300 MB were asked for: --memory \d+M would have done/,
    )
    const [held = 0] = /It held (\d+) MB/.exec(stderr)?.slice(1).map(Number) ?? []
    assert.ok(held > 330 && held < 2_000, `${held} MB`)
    assert.equal((await pool().job(innocent.id)).state, "running")
    await pool().windfall(["stop", "--now", `${innocent.id}`])
  })

  it("holds a job to nothing that it did not say, and learns from it what the next one needs", async () => {
    const holds = `my $held = 'x' x 700_000_000; sleep 2; print "kept\\n"`
    const { exitCode, stdout, stderr } = await pool().windfall(["send", "--no-folder", "--", "perl", "-e", holds])
    assert.deepEqual([exitCode, stdout], [0, "kept\n"], stderr)

    // The same again: what it needed is counted for it now, and said.
    const again = await pool().windfall(["send", "--no-folder", "--detach", "--", "perl", "-e", holds])
    assert.match(
      again.stderr,
      /its last run held [\d.]+ [MG]B, so [\d.]+ [MG]B are counted for it; --memory \d+M would hold it to that/,
    )
    const id = again.stdout.trim()
    const shown = await pool().windfall(["show", id])
    assert.match(shown.stdout, /asks for +[\d.]+ [MG]B memory \(not asked for: its last run held [\d.]+ [MG]B\)/)
    await pool().windfall(["stop", "--now", id])
  })
})
