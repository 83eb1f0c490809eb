export default { output: "static" };
