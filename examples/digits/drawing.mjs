import { crc32, deflateSync } from "node:zlib"

/** Letters of 3 x 5 dots: each digit is a row of three dots in binary, top first. */
// biome-ignore format: a table
const FONT = {
  0: "75557", 1: "26227", 2: "71747", 3: "71717", 4: "55711", 5: "74717", 6: "74757", 7: "71222", 8: "75757", 9: "75717",
  A: "25755", B: "65656", C: "34443", D: "65556", E: "74647", F: "74644", G: "34553", H: "55755", I: "72227", J: "11152",
  K: "55655", L: "44447", M: "57755", N: "65555", O: "25552", P: "65644", Q: "25563", R: "65655", S: "34216", T: "72222",
  U: "55557", V: "55552", W: "55775", X: "55255", Y: "55222", Z: "71247",
  "%": "51245", ".": "00002", ",": "00024", ":": "02020", "(": "24442", ")": "21112", "-": "00700", " ": "00000",
}

/** Rectangles and words on paper, as a picture in dots (PNG) or in lines (SVG). */
export class Drawing {
  #rects = []

  constructor(width, height, paper) {
    this.width = width
    this.height = height
    this.rect(0, 0, width, height, paper)
  }

  rect(x, y, width, height, color) {
    this.#rects.push({ x, y, width, height, color })
  }

  /** Words in capital letters of 3 x 5 dots, each dot `size` wide. */
  text(x, y, words, size, color) {
    for (const [index, letter] of [...words.toUpperCase()].entries()) {
      for (const [row, dots] of [...(FONT[letter] ?? FONT[" "])].entries()) {
        for (let column = 0; column < 3; column++) {
          const isDot = (Number(dots) >> (2 - column)) & 1
          if (isDot) this.rect(x + (index * 4 + column) * size, y + row * size, size, size, color)
        }
      }
    }
  }

  toSvg() {
    const rects = this.#rects.map(
      ({ x, y, width, height, color }) =>
        `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${color}"/>`,
    )
    const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${this.width} ${this.height}" shape-rendering="crispEdges">`
    return `${head}\n${rects.join("\n")}\n</svg>\n`
  }

  toPng() {
    const stride = 1 + this.width * 3 // each row begins with its filter: none
    const pixels = Buffer.alloc(this.height * stride)
    for (const { x, y, width, height, color } of this.#rects) {
      const rgb = Buffer.from(color.slice(1), "hex")
      for (let row = y; row < Math.min(this.height, y + height); row++) {
        for (let column = x; column < Math.min(this.width, x + width); column++) {
          rgb.copy(pixels, row * stride + 1 + column * 3)
        }
      }
    }
    const header = Buffer.alloc(13)
    header.writeUInt32BE(this.width, 0)
    header.writeUInt32BE(this.height, 4)
    header.set([8, 2, 0, 0, 0], 8) // 8 bits a channel, red green blue
    const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    const parts = [
      chunk("IHDR", header),
      chunk("IDAT", deflateSync(pixels, { level: 9 })),
      chunk("IEND", Buffer.alloc(0)),
    ]
    return Buffer.concat([signature, ...parts])
  }
}

function chunk(type, data) {
  const named = Buffer.concat([Buffer.from(type, "ascii"), data])
  const framed = Buffer.alloc(named.length + 8)
  framed.writeUInt32BE(data.length, 0)
  named.copy(framed, 4)
  framed.writeUInt32BE(crc32(named), named.length + 4)
  return framed
}
