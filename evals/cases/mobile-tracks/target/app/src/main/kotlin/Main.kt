package com.fernweh.trails

class Main
