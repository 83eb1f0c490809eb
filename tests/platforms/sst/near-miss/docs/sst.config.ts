export default $config({});
