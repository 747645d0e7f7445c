/** A job that listens behind a simulated Mac's firewall: its owner is told, before it is sent and when it is seen. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: [{ kind: "mac", name: "mac-1" }], server: { labMacs: true } })
const LISTEN =
  '$| = 1; $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], LocalPort => 0, Listen => 1); print "up ", $s->sockport, "\\n"; sleep 90'

test("which port of which job it is, once; a job on loopback is left alone", async () => {
  pool().hosts[0]?.mac.firewall(true)
  const token = await pool().addUser("eva")
  await using events = pool().start(["events", "-f"], { token })
  const send = (address: string) =>
    pool().windfall(
      ["send", "-d", "--no-folder", "--gpus", "0", "--", "perl", "-MIO::Socket::INET", "-e", LISTEN, address],
      { token },
    )
  const inside = await send("127.0.0.1")
  assert.doesNotMatch(inside.stderr, /firewall/)
  const outside = await send("0.0.0.0")
  assert.match(outside.stderr, /names 0\.0\.0\.0.*asks on its owner's screen/)
  const job = Number(/\d+/.exec(outside.stdout)?.[0])
  await events.says("this Mac's firewall is on")
  const [, port] = /^up (\d+)/.exec((await pool().log(job)).toString()) ?? []
  const notices = (await pool().events()).filter((event) => event.type === "notice" && /firewall/.test(event.message))
  assert.equal(notices.length, 1)
  const [notice] = notices
  assert.ok(notice?.type === "notice" && notice.job === job && notice.message.includes(`port ${port} `))
  const shown = await pool().windfall(["show", `${job}`], { token })
  assert.match(shown.stdout, new RegExp(`\\n\\S+ \\S+  It listens on port ${port} of all`))
  const told = await pool().windfall(["events"], { token })
  assert.match(told.stdout, new RegExp(`job ${job}: it listens on port ${port} of all`))
  await pool().windfall(["stop", "--yes", `${job}`, `${/\d+/.exec(inside.stdout)?.[0]}`], { token })
})
