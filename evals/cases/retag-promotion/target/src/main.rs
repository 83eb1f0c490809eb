fn main() {
    println!("tiles");
}
