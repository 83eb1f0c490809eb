export default $config({
  app(input) {
    return { name: "orders", home: "aws" };
  },
  async run() {
    // new sst.aws.Service("Old", {});
    new sst.aws.Service("Api", { cluster });
    new sst.aws.StaticSite("Shop", { path: "web" });
    new sst.aws.Bucket("Files");
  },
});
