import assert from "node:assert/strict"
import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"
import { describe, it } from "node:test"
import fc from "fast-check"
import { checkShape } from "../../../test/support/check-answer.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { addLine } from "../../cli/commands/host-discover.ts"
import { discovered } from "../api/answers/network-answers.ts"
import { browsedNames, resolvedPlace } from "./ask-dns-sd.ts"
import { askMdns } from "./ask-mdns.ts"
import { discover } from "./discover.ts"
import { decodeResponse, encodeName, encodeQuery, TYPE_A, TYPE_PTR, TYPE_SRV } from "./mdns-message.ts"
import { isMachineName, shownName, sshServices } from "./ssh-services.ts"

const SERVICE = ["_ssh", "_tcp", "local"]
const record = (name: readonly string[], type: number, data: readonly number[]) => [
  ...encodeName(name),
  ...[0, type, 0x80, 1, 0, 0, 0, 120, data.length >> 8, data.length & 255],
  ...data,
]
/** A response with so many records. */
const response = (...records: readonly (readonly number[])[]) =>
  Uint8Array.from([0, 0, 0x84, 0, 0, 0, 0, records.length, 0, 0, 0, 0, ...records.flat()])
const ptr = (name: string) => record(SERVICE, TYPE_PTR, encodeName([name, ...SERVICE]))
const srv = (name: string, target: readonly string[], port: number) =>
  record([name, ...SERVICE], TYPE_SRV, [0, 0, 0, 0, port >> 8, port & 255, ...encodeName(target)])
const a = (target: readonly string[], address: string) => record(target, TYPE_A, address.split(".").map(Number))
const STUDIO = ["studio-3", "local"]

describe("messages of multicast DNS", () => {
  // A grapheme may be many bytes: a label has at most 63.
  const isLabel = (text: string) => Buffer.byteLength(text) <= 63
  const label = fc.string({ minLength: 1, maxLength: 15, unit: "grapheme" }).filter(isLabel)

  it("are read as they were written, whatever machines call themselves", () => {
    const port = fc.integer({ min: 0, max: 65_535 })
    fc.assert(
      fc.property(label, fc.array(label, { maxLength: 3 }), port, fc.ipV4(), (name, target, at, address) => {
        const records = decodeResponse(response(ptr(name), srv(name, target, at), a(target, address)))
        assert.deepEqual(records, [
          { type: "ptr", name: SERVICE, to: [name, ...SERVICE] },
          { type: "srv", name: [name, ...SERVICE], target, port: at },
          { type: "a", name: target, address },
        ])
      }),
    )
  })

  it("follow pointers backwards, and none that leads on or in a circle", () => {
    const whole = response(ptr("studio"))
    const end = whole.length
    const data = [...encodeName(["studio"]).slice(0, -1), 0xc0, 12]
    const shortened = Uint8Array.from([
      ...whole.slice(0, 6),
      0,
      2,
      0,
      0,
      0,
      0,
      ...whole.slice(12),
      0xc0,
      12,
      0,
      TYPE_PTR,
      0,
      1,
      0,
      0,
      0,
      9,
      0,
      data.length,
      ...data,
    ])
    const both = decodeResponse(shortened)
    assert.equal(both?.length, 2)
    assert.deepEqual(both[1], both[0])
    const circle = Uint8Array.from([...shortened.slice(0, end), 0xc0, end, ...shortened.slice(end + 2)])
    assert.equal(decodeResponse(circle), null)
  })

  it("that are garbage, cut or changed give records or nothing, and never an error", () => {
    const whole = response(ptr("studio"), srv("studio", STUDIO, 22), a(STUDIO, "10.0.0.4"))
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.nat(whole.length).map((length) => whole.slice(0, length)),
          fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => whole.with(at, byte)),
        ),
        (message) => {
          const { found } = sshServices(decodeResponse(message) ?? [])
          for (const { name, target, port } of found) {
            assert.ok(isMachineName(target))
            assert.equal(shownName(name), name)
            assert.ok(port > 0 && port < 65_536)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it("ask in the form that all can read", () => {
    const query = encodeQuery([{ name: SERVICE, type: TYPE_PTR }])
    assert.equal(Buffer.from(query).toString("latin1", 12), "\x04_ssh\x04_tcp\x05local\0\0\x0c\0\x01")
    assert.equal(decodeResponse(query), null)
    assert.throws(() => encodeQuery([{ name: ["x".repeat(64)], type: TYPE_PTR }]), RangeError)
  })
})

describe("what offers ssh on the net", () => {
  it("is asked for until it is known where it is", async () => {
    using responder = await Responder.open((query) => {
      const asked = Buffer.from(query).toString("latin1")
      return asked.includes("\x06studio") ? response(srv("studio", STUDIO, 22)) : response(ptr("studio"), ptr("mini"))
    })
    const found = await askMdns(1_500, new AbortController().signal, { address: "127.0.0.1", port: responder.port })
    assert.deepEqual(found, [{ name: "studio", target: "studio-3.local", port: 22, addresses: [] }])
  })

  it("is given up when the asker goes", async () => {
    using responder = await Responder.open(() => response())
    const gone = new AbortController()
    const asking = askMdns(60_000, gone.signal, { address: "127.0.0.1", port: responder.port })
    gone.abort(new Error("gone"))
    await assert.rejects(asking, /gone/)
  })

  it("is nothing that could mean something to a shell or a terminal", () => {
    const bad = ["-oProxyCommand=x", "a b", "a;rm", "$(x)", "a..b", "-a.local", "a\nb", "", "x".repeat(254)]
    for (const target of bad) assert.equal(isMachineName(target), false, target)
    const records = [...bad.filter((one) => one !== ""), "good.local"].flatMap((target, i) => [
      { type: "ptr" as const, name: SERVICE, to: [`m${i}`, ...SERVICE] },
      { type: "srv" as const, name: [`m${i}`, ...SERVICE], target: [target], port: 22 },
    ])
    assert.deepEqual(
      sshServices(records).found.map(({ target }) => target),
      ["good.local"],
    )
    assert.equal(shownName("a\u001b[31mb\u202ec\u2028"), "a[31mbc")
    assert.equal(addLine({ target: "studio-3.local", port: 22 }), "windfall host add windfall@studio-3.local")
    // An older or strange server may send anything.
    assert.equal(
      addLine({ target: "x'; rm -rf ~", port: 23 }),
      "windfall host add 'windfall@x'\\''; rm -rf ~' --port 23",
    )
  })

  it("is read from dns-sd, which has a row for each interface and takes names away again", () => {
    const rows =
      "Browsing for _ssh._tcp.local.\nDATE: ---Tue 27 Jul 2021---\n12:23:20.361  ...STARTING...\nTimestamp     A/R    Flags  if Domain               Service Type         Instance Name\n12:23:20.362  Add        3   1 local.               _ssh._tcp.           Ada's Mac Studio\n12:23:20.362  Add        2  10 local.               _ssh._tcp.           Ada's Mac Studio\n12:23:20.362  Add        2  10 local.               _ssh._tcp.           gone\n12:23:21.362  Rmv        0  10 local.               _ssh._tcp.           gone\n12:23:21.362  Add        0  10 local.               _ssh._tcp.           cu"
    assert.deepEqual(browsedNames(rows), ["Ada's Mac Studio"])
    const resolved =
      "Lookup Ada's Mac Studio._ssh._tcp.local\n12:24:01.100  Ada\\226\\128\\153s\\032Mac._ssh._tcp.local. can be reached at Adas-Mac-Studio.local.:22 (interface 4)\n"
    assert.deepEqual(resolvedPlace(resolved), { target: "Adas-Mac-Studio.local", port: 22 })
    assert.equal(resolvedPlace(" can be reached at a;b.local.:22 (interface 4)"), null)
  })

  it("is marked where it is in the pool already", async () => {
    await using server = await TestServer.start()
    await server.hosts.join("studio-3.local")
    const { core } = server.running
    const ask = async () => [
      { name: "Studio", target: "Studio-3.local", port: 22, addresses: [] },
      { name: "Other", target: "other.local", port: 22, addresses: ["10.0.0.7"] },
    ]
    const answer = await discover(core, new AbortController().signal, ask)
    checkShape(discovered, answer, "discover")
    assert.deepEqual(
      answer.found.map(({ name, host }) => [name, host]),
      [
        ["Studio", "studio-3.local"],
        ["Other", null],
      ],
    )
    const failed = await discover(core, new AbortController().signal, () => Promise.reject(new Error("ENETUNREACH")))
    assert.match(failed.problem ?? "", /cannot ask its net: ENETUNREACH/)
  })
})

/** Something on the net that answers. */
class Responder implements Disposable {
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static async open(answer: (query: Uint8Array) => Uint8Array): Promise<Responder> {
    const socket = createSocket("udp4")
    socket.on("message", (query, { port, address }) => socket.send(answer(query), port, address))
    socket.bind(0, "127.0.0.1")
    await once(socket, "listening")
    return new Responder(socket)
  }

  get port(): number {
    return this.#socket.address().port
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }
}
