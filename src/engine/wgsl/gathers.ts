/** WGSL of operators that compute an element from elements at other indices, one row per operator. */
import { isOp, type Node, nodeOf, sizeOf, type Value } from '../graph.ts';
import type { CodeWriter } from './codeWriter.ts';
import { literalOf, wgslType } from './elementwise.ts';
import { integersOf, rootOf } from './views.ts';

interface Gather {
  /** The operator reads many elements for one of its results, so the results are worth storing. */
  loops: boolean;
  /** The expression of element `i` of one of the node's outputs. */
  write(w: CodeWriter, node: Node, output: Value, i: string): string;
}

/** Of element `i` of `shape`: its place before, on and after an axis. */
function around(w: CodeWriter, shape: readonly number[], axis: number, i: string) {
  const after = sizeOf(shape.slice(axis + 1));
  return {
    after,
    outer: w.named(`${i} / ${after * shape[axis]}u`),
    on: w.named(`${i} / ${after}u % ${shape[axis]}u`),
    rest: w.named(`${i} % ${after}u`),
  };
}
const coordinatesOf = (w: CodeWriter, shape: readonly number[], i: string): string[] =>
  shape.map((size, axis) => w.named(`${i} / ${sizeOf(shape.slice(axis + 1))}u % ${size}u`));

const variable = (w: CodeWriter, dtype: Value['dtype'], start: string): string => {
  const name = w.name('x');
  w.line(`var ${name}: ${wgslType[dtype]} = ${start};`);
  return name;
};
const loop = (w: CodeWriter, count: number, body: (k: string) => void): void => {
  const k = w.name('k');
  w.inside(`for (var ${k} = 0u; ${k} < ${count}u; ${k}++)`, () => body(k));
};

/** Loops over the places of a window; `body` gets the signed place in the image and the number of the tap. */
function overWindow(
  w: CodeWriter,
  [height, width]: readonly number[],
  place: (axis: 0 | 1, tap: string) => string,
  body: (y: string, x: string, tap: string) => void,
): void {
  loop(w, height * width, (k) => {
    const [down, across] = [w.named(`i32(${k} / ${width}u)`), w.named(`i32(${k} % ${width}u)`)];
    body(w.named(place(0, down)), w.named(place(1, across)), k);
  });
}
const within = (y: string, x: string, [height, width]: readonly number[]): string =>
  `if (${y} >= 0 && ${y} < ${height} && ${x} >= 0 && ${x} < ${width})`;

const listOf = (node: Node, key: string): number[] => node.attributes[key] as number[];

const argument =
  (operator: '>' | '<'): Gather['write'] =>
  (w, node, output, i) => {
    const [x] = node.inputs;
    const axis = node.attributes.axis as number;
    const after = sizeOf(x.shape.slice(axis + 1));
    const start = w.named(`${i} / ${after}u * ${after * x.shape[axis]}u + ${i} % ${after}u`);
    const best = variable(w, x.dtype, w.element(x, start));
    const place = variable(w, output.dtype, '0');
    loop(w, x.shape[axis], (k) => {
      const value = w.element(x, w.named(`${start} + ${k} * ${after}u`));
      w.line(`if (${value} ${operator} ${best}) { ${best} = ${value}; ${place} = i32(${k}); }`);
    });
    return place;
  };

export const gathers: Record<string, Gather> = {
  Concat: {
    loops: false,
    write(w, node, output, i) {
      const axis = node.attributes.axis as number;
      const { outer, on, rest, after } = around(w, output.shape, axis, i);
      const result = variable(w, output.dtype, literalOf(0, output.dtype));
      let from = 0;
      for (const part of node.inputs) {
        const size = part.shape[axis];
        w.inside(`if (${on} >= ${from}u && ${on} < ${from + size}u)`, () => {
          const at = w.named(`(${outer} * ${size}u + ${on} - ${from}u) * ${after}u + ${rest}`);
          w.line(`${result} = ${w.element(part, at)};`);
        });
        from += size;
      }
      return result;
    },
  },
  Pad: {
    loops: false,
    write(w, node, output, i) {
      const [x, pads, value] = node.inputs;
      const before = integersOf(pads);
      const result = variable(w, output.dtype, w.element(value, '0u'));
      const coordinates = coordinatesOf(w, output.shape, i);
      const inside = coordinates.map(
        (c, axis) => `${c} >= ${before[axis]}u && ${c} < ${before[axis] + x.shape[axis]}u`,
      );
      w.inside(`if (${inside.join(' && ')})`, () => {
        const at = coordinates.map((c, axis) => `(${c} - ${before[axis]}u) * ${sizeOf(x.shape.slice(axis + 1))}u`);
        w.line(`${result} = ${w.element(x, w.named(at.join(' + ')))};`);
      });
      return result;
    },
  },
  Tile: {
    loops: false,
    write(w, node, output, i) {
      const [x] = node.inputs;
      const at = coordinatesOf(w, output.shape, i).map(
        (c, axis) => `${c} % ${x.shape[axis]}u * ${sizeOf(x.shape.slice(axis + 1))}u`,
      );
      return w.element(x, w.named(at.join(' + ')));
    },
  },
  Gather: {
    loops: false,
    write(w, node, _, i) {
      const [x, indices] = node.inputs;
      const axis = node.attributes.axis as number;
      const [count, after] = [sizeOf(indices.shape), sizeOf(x.shape.slice(axis + 1))];
      const row = w.element(indices, w.named(`${i} / ${after}u % ${count}u`));
      const outer = `${i} / ${after * count}u`;
      return w.element(x, w.named(`(${outer} * ${x.shape[axis]}u + u32(${row})) * ${after}u + ${i} % ${after}u`));
    },
  },
  CumSum: {
    loops: true,
    write(w, node, output, i) {
      const [x, axes] = node.inputs;
      const [axis] = integersOf(rootOf(axes));
      const { exclusive, reverse } = node.attributes;
      const { outer, on, rest, after } = around(w, x.shape, axis, i);
      const sum = variable(w, output.dtype, literalOf(0, output.dtype));
      const operator = `${reverse ? '>' : '<'}${exclusive ? '' : '='}`;
      loop(w, x.shape[axis], (k) => {
        w.inside(`if (${k} ${operator} ${on})`, () => {
          w.line(`${sum} += ${w.element(x, w.named(`(${outer} * ${x.shape[axis]}u + ${k}) * ${after}u + ${rest}`))};`);
        });
      });
      return sum;
    },
  },
  ArgMax: { loops: true, write: argument('>') },
  ArgMin: { loops: true, write: argument('<') },
  /** x [b, i, h, w], filter [o, i, h, w] → [b, o, h, w]. */
  Conv: {
    loops: true,
    write(w, node, output, i) {
      const [x, filter] = node.inputs;
      const [strides, dilations, pads] = ['strides', 'dilations', 'pads'].map((key) => listOf(node, key));
      const [b, o, ...at] = coordinatesOf(w, output.shape, i);
      const [, from, ...image] = x.shape;
      const window = filter.shape.slice(2);
      const sum = variable(w, 'float32', '0.0');
      const place = (axis: 0 | 1, tap: string) =>
        `i32(${at[axis]}) * ${strides[axis]} + ${tap} * ${dilations[axis]} - ${pads[axis]}`;
      overWindow(w, window, place, (y, across, tap) => {
        w.inside(within(y, across, image), () => {
          loop(w, from, (c) => {
            const pixel = `((${b} * ${from}u + ${c}) * ${image[0]}u + u32(${y})) * ${image[1]}u + u32(${across})`;
            const weight = `(${o} * ${from}u + ${c}) * ${sizeOf(window)}u + ${tap}`;
            w.line(`${sum} += ${w.element(x, w.named(pixel))} * ${w.element(filter, w.named(weight))};`);
          });
        });
      });
      return sum;
    },
  },
  /** x [b, i, h, w], filter [i, o, h, w] → [b, o, h, w]. */
  ConvTranspose: {
    loops: true,
    write(w, node, output, i) {
      const [x, filter] = node.inputs;
      const [strides, pads] = ['strides', 'pads'].map((key) => listOf(node, key));
      const [b, o, ...at] = coordinatesOf(w, output.shape, i);
      const [, from, ...image] = x.shape;
      const [to, ...window] = filter.shape.slice(1);
      const sum = variable(w, 'float32', '0.0');
      const place = (axis: 0 | 1, tap: string) => `i32(${at[axis]}) + ${pads[axis]} - ${tap}`;
      overWindow(w, window, place, (y, across, tap) => {
        const [row, column] = [w.named(`${y} / ${strides[0]}`), w.named(`${across} / ${strides[1]}`)];
        const fits = `${y} % ${strides[0]} == 0 && ${across} % ${strides[1]} == 0 && ${y} >= 0 && ${across} >= 0`;
        w.inside(`if (${fits} && ${row} < ${image[0]} && ${column} < ${image[1]})`, () => {
          loop(w, from, (c) => {
            const pixel = `((${b} * ${from}u + ${c}) * ${image[0]}u + u32(${row})) * ${image[1]}u + u32(${column})`;
            const weight = `(${c} * ${to}u + ${o}) * ${sizeOf(window)}u + ${tap}`;
            w.line(`${sum} += ${w.element(x, w.named(pixel))} * ${w.element(filter, w.named(weight))};`);
          });
        });
      });
      return sum;
    },
  },
  /** x [b, c, h, w] → the largest values of its windows, and where in x they lie. */
  MaxPool: {
    loops: true,
    write(w, node, output, i) {
      const [x] = node.inputs;
      const [strides, pads, window] = ['strides', 'pads', 'kernel_shape'].map((key) => listOf(node, key));
      const [b, c, ...at] = coordinatesOf(w, output.shape, i);
      const [, channels, ...image] = x.shape;
      const [best, found] = [variable(w, 'float32', '-3.4e38'), variable(w, 'int32', '0')];
      const place = (axis: 0 | 1, tap: string) => `i32(${at[axis]}) * ${strides[axis]} + ${tap} - ${pads[axis]}`;
      overWindow(w, window, place, (y, across) => {
        w.inside(within(y, across, image), () => {
          const pixel = `((${b} * ${channels}u + ${c}) * ${image[0]}u + u32(${y})) * ${image[1]}u + u32(${across})`;
          const index = w.named(pixel);
          const value = w.element(x, index);
          w.line(`if (${value} > ${best}) { ${best} = ${value}; ${found} = i32(${index}); }`);
        });
      });
      return output === node.outputs[0] ? best : found;
    },
  },
  /** data [n, …] with rows [k, …] added at ids [k, 1]. */
  ScatterND: {
    loops: true,
    write(w, node, output, i) {
      const [data, ids, rows] = node.inputs;
      const after = sizeOf(output.shape.slice(1));
      const [row, rest] = [w.named(`${i} / ${after}u`), w.named(`${i} % ${after}u`)];
      const sum = variable(w, output.dtype, w.element(data, i));
      loop(w, sizeOf(ids.shape), (k) => {
        w.inside(`if (u32(${w.element(ids, k)}) == ${row})`, () => {
          w.line(`${sum} += ${w.element(rows, w.named(`${k} * ${after}u + ${rest}`))};`);
        });
      });
      return sum;
    },
  },
  /** data [n] with updates [k] added at indices [k]. */
  ScatterElements: {
    loops: true,
    write(w, node, output, i) {
      const [data, indices, updates] = node.inputs;
      const sum = variable(w, output.dtype, w.element(data, i));
      const add = (k: string) =>
        w.inside(`if (u32(${w.element(indices, k)}) == ${i})`, () => {
          w.line(`${sum} += ${w.element(updates, k)};`);
        });
      const pool = nodeOf(rootOf(indices));
      if (!pool || !isOp(rootOf(indices), 'MaxPool')) loop(w, sizeOf(indices.shape), add);
      else windowsOver(w, pool, i, add);
      return sum;
    },
  },
};

/** Visits the windows of a pool that hold pixel `i`. */
function windowsOver(w: CodeWriter, pool: Node, i: string, visit: (window: string) => void): void {
  const [strides, pads, window] = ['strides', 'pads', 'kernel_shape'].map((key) => listOf(pool, key));
  const [b, c, ...at] = coordinatesOf(w, pool.inputs[0].shape, i);
  const [, channels, ...windows] = pool.outputs[0].shape;
  // a pixel lies under windows that begin at every stride-th of these places
  const place = (axis: 0 | 1, tap: string) => `i32(${at[axis]}) + ${pads[axis]} - ${tap}`;
  overWindow(w, window, place, (y, across) => {
    const [row, column] = [w.named(`${y} / ${strides[0]}`), w.named(`${across} / ${strides[1]}`)];
    const fits = `${y} % ${strides[0]} == 0 && ${across} % ${strides[1]} == 0 && ${y} >= 0 && ${across} >= 0`;
    w.inside(`if (${fits} && ${row} < ${windows[0]} && ${column} < ${windows[1]})`, () => {
      const number = `((${b} * ${channels}u + ${c}) * ${windows[0]}u + u32(${row})) * ${windows[1]}u + u32(${column})`;
      visit(w.named(number));
    });
  });
}
