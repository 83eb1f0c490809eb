plugins {
    id("com.android.application")
    kotlin("android")
}

android {
    namespace = "com.fernweh.trails"
    defaultConfig {
        applicationId = "com.fernweh.trails"
        versionCode = 42
        versionName = "4.2.0"
    }
}

dependencies {
    implementation("androidx.core:core-ktx:1.15.0")
}
