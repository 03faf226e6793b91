declare module 'jstat' {
  const jstat: { jStat: { studentt: { inv(p: number, degrees: number): number } } };
  export default jstat;
}
