/** The content type of Prometheus' text format. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** One line of the exposition: the labels' values in the order of the family's names, and the value. */
export type Sample = readonly [labels: readonly string[], value: number];

interface Family {
  readonly name: string;
  render(): string;
}

/** Metric families of one server, in the order they were made. It is a value: nothing is global. */
export class Exposition {
  readonly #families: Family[] = [];

  counter(name: string, help: string, labels: readonly string[] = []): Counter {
    return this.#add(new Counter(name, help, labels));
  }

  histogram(name: string, help: string, labels: readonly string[], bounds: readonly number[]): Histogram {
    return this.#add(new Histogram(name, help, labels, bounds));
  }

  /** A gauge that is read when it is scraped; a reader that throws leaves its samples out. */
  gauge(name: string, help: string, labels: readonly string[], read: () => Iterable<Sample>): void {
    const render = () => {
      let lines = head(name, help, "gauge");
      for (const [values, value] of samples(read)) lines += line(name, pairs(labels, values), value);
      return lines;
    };
    this.#add({ name, render });
  }

  /** All families in Prometheus' text format 0.0.4. */
  render(): string {
    return this.#families.map((family) => family.render()).join("");
  }

  #add<T extends Family>(family: T): T {
    this.#families.push(family);
    return family;
  }
}

/** Counts what happened; never goes down. */
export class Counter implements Family {
  readonly #children = new Map<string, { readonly labels: string; value: number }>();

  constructor(readonly name: string, readonly help: string, readonly labels: readonly string[]) {}

  /** Adds `by` to the counter of these label values; anything but a finite number above or equal to 0 counts as 0. */
  inc(values: readonly string[], by = 1): void {
    const key = keyOf(values);
    let child = this.#children.get(key);
    if (child === undefined) {
      child = { labels: pairs(this.labels, values), value: 0 };
      this.#children.set(key, child);
    }
    if (by > 0 && by < Infinity) child.value += by;
  }

  render(): string {
    let lines = head(this.name, this.help, "counter");
    for (const { labels, value } of this.#children.values()) lines += line(this.name, labels, value);
    return lines;
  }
}

interface HistogramChild {
  readonly labels: string;
  /** One count per bound, not cumulative; the last is for all beyond. */
  readonly counts: Float64Array;
  sum: number;
}

/** Counts observations by size. */
export class Histogram implements Family {
  readonly #children = new Map<string, HistogramChild>();

  /** @param bounds upper bounds, included, ascending */
  constructor(
    readonly name: string,
    readonly help: string,
    readonly labels: readonly string[],
    readonly bounds: readonly number[],
  ) {}

  /** Counts `value`; anything but a finite number is ignored. */
  observe(values: readonly string[], value: number): void {
    if (!Number.isFinite(value)) return;
    const key = keyOf(values);
    let child = this.#children.get(key);
    if (child === undefined) {
      child = { labels: pairs(this.labels, values), counts: new Float64Array(this.bounds.length + 1), sum: 0 };
      this.#children.set(key, child);
    }
    let index = 0;
    while (index < this.bounds.length && value > (this.bounds[index] ?? Infinity)) index++;
    child.counts[index] = (child.counts[index] ?? 0) + 1;
    child.sum += value;
  }

  render(): string {
    let lines = head(this.name, this.help, "histogram");
    for (const { labels, counts, sum } of this.#children.values()) {
      let count = 0;
      for (const [index, n] of counts.entries()) {
        const le = `le="${this.bounds[index] ?? "+Inf"}"`;
        lines += line(`${this.name}_bucket`, labels === "" ? le : `${labels},${le}`, count += n);
      }
      lines += line(`${this.name}_sum`, labels, sum) + line(`${this.name}_count`, labels, count);
    }
    return lines;
  }
}

function samples(read: () => Iterable<Sample>): readonly Sample[] {
  try {
    return [...read()];
  } catch {
    return [];
  }
}

function keyOf(values: readonly string[]): string {
  return values.length === 1 ? values[0] ?? "" : values.join("\n");
}

function head(name: string, help: string, type: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function pairs(labels: readonly string[], values: readonly string[]): string {
  return labels.map((label, index) => `${label}="${escape(values[index] ?? "")}"`).join(",");
}

function escape(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

function line(name: string, labels: string, value: number): string {
  const text = value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value);
  return labels === "" ? `${name} ${text}\n` : `${name}{${labels}} ${text}\n`;
}
