/**
 * A network with one hidden layer (ReLU, then softmax), trained by gradient descent with momentum on single images.
 * Weights lie in flat arrays, row by row: row j of a layer holds what unit j takes from each input, then its bias.
 */
export class Network {
  /** @param {{ inputs: number, hidden: number, classes: number, random: () => number }} sizes */
  constructor({ inputs, hidden, classes, random }) {
    this.inputs = inputs
    this.hidden = hidden
    this.classes = classes
    this.first = layer(inputs, hidden, random)
    this.second = layer(hidden, classes, random)
    this.active = new Float64Array(hidden)
    this.chances = new Float64Array(classes)
  }

  /** How likely each class is for an image. The array is used again by the next call. */
  predict(image) {
    for (let j = 0; j < this.hidden; j++) this.active[j] = Math.max(0, weigh(this.first.weights, image, j))
    let sum = 0
    let top = Number.NEGATIVE_INFINITY
    for (let k = 0; k < this.classes; k++) {
      this.chances[k] = weigh(this.second.weights, this.active, k)
      top = Math.max(top, this.chances[k])
    }
    for (let k = 0; k < this.classes; k++) {
      this.chances[k] = Math.exp(this.chances[k] - top)
      sum += this.chances[k]
    }
    for (let k = 0; k < this.classes; k++) this.chances[k] /= sum
    return this.chances
  }

  /** Learns from one image; returns its loss before that. */
  learn(image, label, { rate, momentum, decay }) {
    const loss = -Math.log(Math.max(1e-12, this.predict(image)[label]))
    const error = new Float64Array(this.hidden)
    for (let k = 0; k < this.classes; k++) {
      const slope = this.chances[k] - (k === label ? 1 : 0)
      const row = k * (this.hidden + 1)
      for (let j = 0; j < this.hidden; j++) error[j] += slope * this.second.weights[row + j]
      step(this.second, this.active, k, slope, rate, momentum, decay)
    }
    for (let j = 0; j < this.hidden; j++) {
      if (this.active[j] > 0) step(this.first, image, j, error[j], rate, momentum, decay)
    }
    return loss
  }
}

function layer(inputs, units, random) {
  const weights = new Float64Array(units * (inputs + 1))
  const spread = Math.sqrt(6 / inputs)
  for (let i = 0; i < weights.length; i++) {
    const isBias = i % (inputs + 1) === inputs
    weights[i] = isBias ? 0 : (random() * 2 - 1) * spread
  }
  return { weights, speed: new Float64Array(weights.length) }
}

function weigh(weights, values, unit) {
  const row = unit * (values.length + 1)
  let sum = weights[row + values.length]
  for (let i = 0; i < values.length; i++) sum += weights[row + i] * values[i]
  return sum
}

function step({ weights, speed }, values, unit, slope, rate, momentum, decay) {
  const row = unit * (values.length + 1)
  for (let i = 0; i <= values.length; i++) {
    const value = i === values.length ? 1 : values[i]
    speed[row + i] = momentum * speed[row + i] - rate * (slope * value + decay * weights[row + i])
    weights[row + i] += speed[row + i]
  }
}
