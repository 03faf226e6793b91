/** Whether two values of a config field are the same; lists are compared item by item. Pure. */
export const isSameSetting = (a: unknown, b: unknown): boolean =>
  a === b || (Array.isArray(a) && JSON.stringify(a) === JSON.stringify(b));
