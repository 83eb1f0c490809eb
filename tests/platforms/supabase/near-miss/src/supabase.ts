export const url = "";
