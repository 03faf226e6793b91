declare module 'jstat' {
  const jstat: {
    jStat: {
      studentt: { inv(p: number, degrees: number): number; cdf(t: number, degrees: number): number };
      normal: { cdf(z: number, mean: number, deviation: number): number };
    };
  };
  export default jstat;
}
